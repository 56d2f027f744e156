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

/**
 * What an access to a session does and answers: who may know of it, when a context begins, which project it is on. What a
 * {@link visit} finds holds until the next await; after it the session is visited anew.
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
   * Calls `work` with what is stored, if `principal` may know of it. A tombstone refuses the header only: clients send DELETE
   * whenever they exit, and the conversation may go on with the id as an argument.
   * @param byHeader Whether the header names the session, not an argument.
   */
  visit<T, F>(
    principal: Principal,
    byHeader: boolean,
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
  async get(principal: Principal, byHeader: boolean): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    return this.visit(
      principal,
      byHeader,
      async ({ now, live }): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> => {
        if (live === null) return ok(null);
        const project = live.session.project ?? NO_PROJECT;
        if (this.#catalog.isFresh(principal, project, now)) return ok(await this.#access(live, project, now));
        const reply = await this.project(principal, byHeader, null, null);
        if (reply.ok) return ok(reply.value.context);
        // Both can only mean that the context ended while the catalog was asked.
        const { kind } = reply.failure;
        return kind === "no_context" || kind === "catalog_unavailable" ? ok(null) : fail(reply.failure);
      },
    );
  }

  /**
   * Asks or changes the catalog and says what the session makes of it. An access.
   * @param explicit Id or name of a project to look up.
   */
  project(
    principal: Principal,
    byHeader: boolean,
    explicit: string | null,
    operation: CatalogOperation | null,
  ): Promise<Result<ProjectReply, Refusal | NoContext | ProjectFailure>> {
    return this.visit(
      principal,
      byHeader,
      async ({ live }): Promise<Result<ProjectReply, Refusal | NoContext | ProjectFailure>> => {
        if (live === null && isShared(principal)) return fail({ kind: "no_context", sessionId: this.#sessionId });
        const directory = live?.session.workingDirectory ?? null;
        const project = live?.session.project ?? NO_PROJECT;
        const question = questionOf(project, directory, { explicit, anew: project.failure !== null });
        const asked = await this.#catalog.ask(principal, operation, question);
        return this.visit(
          principal,
          byHeader,
          async ({ now, live: still }): Promise<Result<ProjectReply, ProjectFailure>> => {
            const before = still?.session.project ?? NO_PROJECT;
            // A set that came in between has asked about its own directory, and knows.
            const unmoved = still !== null && still.session.workingDirectory === directory;
            if (!asked.ok) {
              if (operation !== null || explicit !== null || still === null) return asked;
              const context = await this.#access(still, before, now);
              // Said, but not stored: what is stored is right as of its version.
              const unknown = { ...context, project: { ...UNKNOWN_PROJECT, failure: before.failure } };
              return ok({ context: unmoved ? unknown : context, active: null, explicit: null, outcome: null });
            }
            const { outcome, answer } = asked.value;
            if (still === null) return ok({ context: null, active: answer.active, explicit: answer.explicit, outcome });
            const current = unmoved ? follow(before, question, asked.value) : before;
            const context = await this.#access(still, current, now);
            return ok({ context, active: answer.active, explicit: answer.explicit, outcome });
          },
        );
      },
    );
  }

  /**
   * Reads or changes the session's state. An access. A `set` begins a context if there is none, unless `begin` is null;
   * the other operations then find nothing and leave nothing behind.
   * @param uncertain Whether this change may have been made before.
   */
  state(
    principal: Principal,
    byHeader: boolean,
    operation: StateOperation,
    begin: BeginRequest | null,
    uncertain = false,
  ): Promise<Result<StateReply, Refusal | NoContext | QuotaExceeded | OutcomeUnknown | StateFailure>> {
    type Reply = Result<StateReply, Refusal | NoContext | QuotaExceeded | OutcomeUnknown | StateFailure>;
    return this.visit(principal, byHeader, async ({ now, live }): Promise<Reply> => {
      const nothing = { created: false, context: null, before: null, entries: [] };
      if (live === null && operation.kind === "set") {
        const refused = this.#state.firstStateRefusal(operation);
        if (refused !== null) return uncertain ? this.#outcomeUnknown() : fail(refused);
        if (begin === null) return fail({ kind: "no_context", sessionId: this.#sessionId });
        const begun = await this.begin(principal, byHeader, begin, () => {
          this.#state.apply(operation);
          return { workingDirectory: null, project: NO_PROJECT };
        });
        return begun.ok ? ok({ ...nothing, created: true, context: begun.value }) : begun;
      }
      if (live === null) return uncertain ? this.#outcomeUnknown() : ok(nothing);
      const outcome = this.#state.apply(operation);
      const [context, refused] = await Promise.all([
        this.#access(live, live.session.project ?? NO_PROJECT, now),
        // Confirmed or not, only a context that a quota may still refuse has to wait for the registry.
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
  end(
    principal: Principal,
    byHeader: boolean,
    uncertain = false,
  ): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.visit(principal, byHeader, async ({ live }): Promise<Result<{ ended: boolean }, OutcomeUnknown>> => {
      if (live === null) return uncertain ? this.#outcomeUnknown() : ok({ ended: false });
      await this.#life.close(live.session, "ended", null);
      return ok({ ended: true });
    });
  }

  /**
   * Ends the session that the header names: the context is gone, and for 24 hours the header answers as deleted. Where nothing is
   * stored, only if it `mayStore` that.
   */
  delete(principal: Principal, mayStore: boolean): Promise<Result<{ ended: boolean }, Refusal | NoContext>> {
    return this.visit(
      principal,
      true,
      async ({ now, live, stored }): Promise<Result<{ ended: boolean }, NoContext>> => {
        if (stored === undefined && !mayStore) return fail({ kind: "no_context", sessionId: this.#sessionId });
        // What stays for a day is a tombstone, not what the session kept.
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
   * Begins a context; what one before it has left in this storage goes. One that another caller ends while it is being registered
   * is begun once more, so that what was set is there when the answer says so.
   */
  async begin(
    owner: Principal,
    byHeader: boolean,
    request: BeginRequest,
    content: () => Content,
    again = true,
  ): Promise<Result<SessionContext, QuotaExceeded | Refusal>> {
    const begun = await this.#life.begin({ ...request, owner }, () => {
      this.clear();
      return content();
    });
    if (!begun.ok) return begun;
    return this.visit(owner, byHeader, ({ live }) =>
      live === null && again
        ? this.begin(owner, byHeader, request, content, false)
        : ok(this.view(begun.value, begun.value, begun.value.session.setAt)),
    );
  }

  /** Forgets what the session keeps beside its record. */
  clear(): void {
    this.#catalog.clear();
    this.#state.clear();
  }

  /** An access: moves the deadline, and notes the project if it is another than before. */
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
