import { fail, ok, type Result } from "../model/failure.ts";
import { isShared, type Principal } from "../model/principal.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { TOMBSTONE_MS } from "./limits.ts";
import type { SessionCatalog } from "./session-catalog.ts";
import { contextOf, endReasonOf, headerDeletedUntil, type Live, type SessionContext } from "./session-context.ts";
import type { Content, Found, SessionLife } from "./session-life.ts";
import {
  follow,
  isSameProject,
  NO_PROJECT,
  questionOf,
  type SessionProject,
  UNKNOWN_PROJECT,
} from "./session-project.ts";
import type { BeginRequest, NoContext, OutcomeUnknown, ProjectReply, Refusal, StateReply } from "./session-requests.ts";
import type { QuotaExceeded, SessionRow } from "./session-row.ts";
import type { StateFailure, StateOperation, StateStore } from "./state-store.ts";

/** Who accesses a session, and how. */
export interface Visitor {
  readonly principal: Principal;
  /** Whether the `Mcp-Session-Id` header names the session, not an argument. */
  readonly byHeader: boolean;
}

/**
 * Accesses to a session: checks the visitor, begins the context if needed, and keeps the project up to date. What {@link visit}
 * finds is valid until the next await; after that, visit again.
 */
export class SessionAccess {
  readonly #sessionId: string;
  readonly #life: SessionLife;
  readonly #row: SessionRow;
  readonly #catalog: SessionCatalog;
  readonly #state: StateStore;

  constructor(sessionId: string, life: SessionLife, row: SessionRow, catalog: SessionCatalog, state: StateStore) {
    this.#sessionId = sessionId;
    this.#life = life;
    this.#row = row;
    this.#catalog = catalog;
    this.#state = state;
  }

  /**
   * Calls `work` with what is stored, if the visitor may access it. A tombstone blocks only the header: clients send DELETE
   * whenever they exit, and the conversation may continue with the ID as an argument.
   */
  visit<T, F>(
    { principal, byHeader }: Visitor,
    work: (found: Found) => Result<T, F> | Promise<Result<T, F>>,
  ): Promise<Result<T, F | Refusal>> {
    return this.#life.visit<Result<T, F | Refusal>>((found) => {
      const { now, live, stored } = found;
      const deleted = headerDeletedUntil(stored, now) !== null;
      if (stored !== undefined && stored.owner !== principal && (live !== null || deleted)) {
        return fail({ kind: "session_unknown", sessionId: this.#sessionId });
      }
      return deleted && byHeader ? fail({ kind: "session_deleted", sessionId: this.#sessionId }) : work(found);
    });
  }

  /** The context, or null if there is none. An access: it moves the deadline. */
  get(visitor: Visitor): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    type Got = Result<SessionContext | null, Refusal | ProjectFailure>;
    return this.visit(visitor, async ({ now, live }): Promise<Got> => {
      if (live === null) return ok(null);
      const project = live.session.project ?? NO_PROJECT;
      if (this.#catalog.isFresh(visitor.principal, project, now)) return ok(await this.#access(live, project, now));
      const reply = await this.project(visitor, null, null);
      if (reply.ok) return ok(reply.value.context);
      // Either kind means that the context ended while the catalog was being asked.
      const { kind } = reply.failure;
      return kind === "no_context" || kind === "catalog_unavailable" ? ok(null) : fail(reply.failure);
    });
  }

  /**
   * Queries or changes the catalog, and updates the session's project from its reply. An access.
   * @param explicit ID or name of a project to look up.
   */
  project(
    visitor: Visitor,
    explicit: string | null,
    operation: CatalogOperation | null,
  ): Promise<Result<ProjectReply, Refusal | NoContext | ProjectFailure>> {
    type Reply = Result<ProjectReply, Refusal | NoContext | ProjectFailure>;
    return this.visit(visitor, async ({ live: before }): Promise<Reply> => {
      if (before === null && isShared(visitor.principal)) {
        return fail({ kind: "no_context", sessionId: this.#sessionId });
      }
      const directory = before?.session.workingDirectory ?? null;
      const project = before?.session.project ?? NO_PROJECT;
      const question = questionOf(project, directory, { explicit, anew: project.failure !== null });
      const asked = await this.#catalog.ask(visitor.principal, operation, question);
      return this.visit(visitor, async ({ now, live }): Promise<Reply> => {
        // If a concurrent set changed the directory, this reply is about the old one: do not apply it.
        const unmoved = live !== null && live.session.workingDirectory === directory;
        const known = live?.session.project ?? NO_PROJECT;
        if (!asked.ok) {
          if (operation !== null || explicit !== null || live === null) return asked;
          const context = await this.#access(live, known, now);
          // Returned but not stored: the stored project is still correct for its catalog version.
          const unknown = { ...context, project: { ...UNKNOWN_PROJECT, failure: known.failure } };
          return ok({ context: unmoved ? unknown : context, active: null, explicit: null, outcome: null });
        }
        const { outcome, answer } = asked.value;
        const current = unmoved ? follow(known, question, asked.value) : known;
        const context = live && (await this.#access(live, current, now));
        return ok({ context, active: answer.active, explicit: answer.explicit, outcome });
      });
    });
  }

  /**
   * Reads or changes the session's state. An access. Without a context, a `set` begins one (fails with `no_context` if `begin` is
   * null); the other operations find nothing and store nothing.
   * @param uncertain Whether this change may have been made before.
   */
  state(
    visitor: Visitor,
    operation: StateOperation,
    begin: BeginRequest | null,
    uncertain = false,
  ): Promise<Result<StateReply, Refusal | NoContext | QuotaExceeded | OutcomeUnknown | StateFailure>> {
    type Reply = Result<StateReply, Refusal | NoContext | QuotaExceeded | OutcomeUnknown | StateFailure>;
    return this.visit(visitor, async ({ now, live }): Promise<Reply> => {
      const nothing = { created: false, context: null, before: null, entries: [] };
      if (live === null && operation.kind === "set") {
        const refused = this.#state.firstStateRefusal(operation);
        if (refused !== null) return uncertain ? this.#outcomeUnknown() : fail(refused);
        if (begin === null) return fail({ kind: "no_context", sessionId: this.#sessionId });
        const begun = await this.begin(visitor, begin, () => {
          this.#state.apply(operation);
          return { workingDirectory: null, project: NO_PROJECT };
        });
        return begun.ok ? ok({ ...nothing, created: true, context: begun.value }) : begun;
      }
      if (live === null) return uncertain ? this.#outcomeUnknown() : ok(nothing);
      const outcome = this.#state.apply(operation);
      const [context, refused] = await Promise.all([
        this.#access(live, live.session.project ?? NO_PROJECT, now),
        // Wait for the registry only if the quota may still refuse this context.
        operation.kind === "set" && live.session.registration?.maxSessions !== undefined
          ? this.#row.acknowledge(live.session)
          : null,
      ]);
      if (refused !== null) return fail(refused);
      const undecided = outcome.ok
        ? operation.kind === "delete" && outcome.value.before === null
        : isConflict(outcome.failure);
      if (uncertain && undecided) return this.#outcomeUnknown();
      return outcome.ok ? ok({ created: false, context, ...outcome.value }) : outcome;
    });
  }

  /** @param uncertain Whether this may have been done before. */
  end(visitor: Visitor, uncertain = false): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.visit(visitor, ({ live }) => this.#end(live, uncertain));
  }

  /** The same whoever owns the context. */
  endAsOperator(uncertain: boolean): Promise<Result<{ ended: boolean }, OutcomeUnknown>> {
    return this.#life.visit(({ live }) => this.#end(live, uncertain));
  }

  async #end(live: Live | null, uncertain: boolean): Promise<Result<{ ended: boolean }, OutcomeUnknown>> {
    if (live === null) return uncertain ? this.#outcomeUnknown() : ok({ ended: false });
    await this.#life.close(live.session, "ended", null);
    return ok({ ended: true });
  }

  /**
   * Ends the session that the header names: deletes the context and leaves a tombstone, so that the header is refused for 24 hours.
   * @param mayStore Whether the tombstone may be stored if nothing is stored yet; otherwise fails with `no_context`.
   */
  delete(principal: Principal, mayStore: boolean): Promise<Result<{ ended: boolean }, Refusal | NoContext>> {
    return this.visit(
      { principal, byHeader: true },
      async ({ now, live, stored }): Promise<Result<{ ended: boolean }, NoContext>> => {
        if (stored === undefined && !mayStore) return fail({ kind: "no_context", sessionId: this.#sessionId });
        // Only the tombstone is kept for 24 hours, not the session's state and projects.
        this.clear();
        const deletedUntil = now + TOMBSTONE_MS;
        if (stored?.state === "live" || stored?.state === "closing") {
          const reason = live === null ? endReasonOf(stored) : "deleted";
          await this.#life.close({ ...stored, owner: principal }, reason, deletedUntil);
        } else {
          await this.#life.markDeleted(principal, deletedUntil);
        }
        return ok({ ended: live !== null });
      },
    );
  }

  #outcomeUnknown() {
    return fail<OutcomeUnknown>({ kind: "outcome_unknown", sessionId: this.#sessionId });
  }

  /**
   * Begins a context and deletes what an earlier one left in this storage. If another caller ends the new context while it is
   * being registered, begins it once more, so that a successful answer means that the context exists.
   */
  async begin(
    visitor: Visitor,
    request: BeginRequest,
    content: () => Content,
    again = true,
  ): Promise<Result<SessionContext, QuotaExceeded | Refusal>> {
    const begun = await this.#life.begin({ ...request, owner: visitor.principal }, () => {
      this.clear();
      return content();
    });
    if (!begun.ok) return begun;
    return this.visit(visitor, ({ live }) =>
      live === null && again
        ? this.begin(visitor, request, content, false)
        : ok(this.view(begun.value, begun.value, begun.value.session.setAt)),
    );
  }

  /** Deletes the session's state and its own catalog, but not its record. */
  clear(): void {
    this.#catalog.clear();
    this.#state.clear();
  }

  /** An access: moves the deadline, and stores the project if it has changed. */
  async #access(live: Live, project: SessionProject, now: number): Promise<SessionContext> {
    const { session, deadline } = live;
    const moved = !isSameProject(project, session.project ?? NO_PROJECT);
    const updated = moved ? { ...session, project } : session;
    const touched = await this.#life.touch(updated, deadline, now, { write: moved });
    this.#life.debug("session_touched");
    return this.view(touched, live, now);
  }

  /** A live context as callers see it. */
  view(live: Live, previous: Live, now: number): SessionContext {
    return contextOf(this.#sessionId, live, previous, now);
  }
}

const isConflict = ({ kind }: StateFailure): boolean => kind === "state_conflict";
