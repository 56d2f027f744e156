import { fail, ok, type Result } from "../failure.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { SessionCatalog } from "./session-catalog.ts";
import {
  contextOf,
  isDeleted,
  isShared,
  type Live,
  type LiveSession,
  type Principal,
  type SessionContext,
  type StoredSession,
} from "./session-context.ts";
import type { Found, NewContext, QuotaExceeded, SessionLife } from "./session-life.ts";
import {
  type Entered,
  enter,
  enterUnusable,
  follow,
  isSameProject,
  NO_PROJECT,
  NOT_ENTERED,
  questionOf,
  type SessionProject,
  UNKNOWN_PROJECT,
} from "./session-project.ts";
import type {
  BeginRequest,
  NoContext,
  ProjectReply,
  Refusal,
  SetReply,
  SetRequest,
  StateReply,
} from "./session-requests.ts";
import type { SessionState, StateFailure, StateOperation } from "./session-state.ts";

/**
 * What an access to a session does and answers: who may know of it, when a context begins, which project it is on. Between two
 * awaits everything is one transaction; after each await what is stored is found anew.
 */
export class SessionAccess {
  readonly #sessionId: string;
  readonly #life: SessionLife;
  readonly #catalog: SessionCatalog;
  readonly #state: SessionState;

  constructor(sessionId: string, life: SessionLife, catalog: SessionCatalog, state: SessionState) {
    this.#sessionId = sessionId;
    this.#life = life;
    this.#catalog = catalog;
    this.#state = state;
  }

  /**
   * Sets the working directory, beginning a context if there is none, and finds the project that it leads to.
   */
  async set(principal: Principal, request: SetRequest): Promise<Result<SetReply, Refusal | QuotaExceeded>> {
    const { workingDirectory, config, client, idleTimeoutMs, shard, registrySize, region, maxSessions } = request;
    const begin = async ({ now, stored }: Found, project: SessionProject & Entered) => {
      const { switched, wouldSwitch, ...known } = project;
      const context = { owner: principal, workingDirectory, project: known, client, setAt: now, idleTimeoutMs };
      const begun = await this.#begin({ ...context, shard, registrySize, region, maxSessions }, stored);
      if (!begun.ok) return begun;
      return ok({ created: true, switched, wouldSwitch, context: this.view(begun.value, begun.value.deadline, now) });
    };

    let found = await this.find(principal);
    if (!found.ok) return found;
    let created = false;
    if (found.value.live === null && (isShared(principal) || config?.ok)) {
      // First the context: what refuses it must not leave the config in a catalog, and one in this storage must go with it.
      const unknown = isShared(principal) ? NO_PROJECT : UNKNOWN_PROJECT;
      const first = config?.ok === false ? enterUnusable(unknown, config.failure) : { ...unknown, ...NOT_ENTERED };
      const begun = await begin(found.value, first);
      if (!begun.ok || !config?.ok) return begun;
      created = true;
      found = await this.find(principal);
      if (!found.ok) return found;
      // Ended while the registry was at work: the set wins.
      if (found.value.live === null) return this.set(principal, request);
    }
    const before = found.value.live?.session.project ?? NO_PROJECT;
    const question = questionOf(before, workingDirectory, { anew: true });
    const operation = config?.ok ? ({ kind: "register", registration: config.value } as const) : null;
    const reply = config?.ok === false ? config : await this.#catalog.ask(principal, operation, question);
    found = await this.find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    // What the session is on by now counts, not what it was on when the catalog was asked.
    const project = enter(live?.session.project ?? NO_PROJECT, config, { question, reply });
    if (live === null) return begin(found.value, project);
    const { switched, wouldSwitch, ...known } = project;
    const session: LiveSession = { ...live.session, workingDirectory, project: known, client, setAt: now };
    const deadline = await this.#life.touch(session, live.deadline, now, { record: true });
    if (session.registration !== undefined) {
      // Whoever joins a context that is being registered must find it counted too, or refused with it. After a failed try
      // the context has been acknowledged: a quota must not take it away any more.
      const refused = await this.#life.register(session, session.registration.tries === 0 ? maxSessions : 0);
      if (refused !== null) return fail(refused);
    }
    return ok({ created, switched, wouldSwitch, context: this.view({ session, deadline }, live.deadline, now) });
  }

  /** The context, or null if there is none. An access: it moves the deadline. */
  async get(principal: Principal): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    const found = await this.find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    if (live === null) return ok(null);
    if (this.#catalog.isFresh(principal, live.session.project ?? NO_PROJECT, now)) {
      return ok(await this.#access(live, live.session.project ?? NO_PROJECT, now));
    }
    const reply = await this.project(principal, null, null);
    if (reply.ok) return ok(reply.value.context);
    // Both can only mean that the context ended while the catalog was asked.
    const { kind } = reply.failure;
    return kind === "no_context" || kind === "catalog_unavailable" ? ok(null) : fail(reply.failure);
  }

  /**
   * Asks or changes the catalog and says what the session makes of it. An access.
   * @param explicit Id or name of a project to look up.
   */
  async project(
    principal: Principal,
    explicit: string | null,
    operation: CatalogOperation | null,
  ): Promise<Result<ProjectReply, Refusal | NoContext | ProjectFailure>> {
    const found = await this.find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null && isShared(principal)) return fail({ kind: "no_context", sessionId: this.#sessionId });
    const directory = live?.session.workingDirectory ?? null;
    const project = live?.session.project ?? NO_PROJECT;
    const question = questionOf(project, directory, { explicit, anew: project.failure !== null });
    const asked = await this.#catalog.ask(principal, operation, question);
    const after = await this.find(principal);
    if (!after.ok) return after;
    const { now, live: still } = after.value;
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
  }

  /**
   * Reads or changes the session's state. An access. A `set` begins a context if there is none, unless `begin` is null;
   * the other operations then find nothing and leave nothing behind.
   */
  async state(
    principal: Principal,
    operation: StateOperation,
    begin: BeginRequest | null,
  ): Promise<Result<StateReply, Refusal | NoContext | QuotaExceeded | StateFailure>> {
    let found = await this.find(principal);
    if (!found.ok) return found;
    const created = found.value.live === null && operation.kind === "set";
    if (created) {
      if (begin === null) return fail({ kind: "no_context", sessionId: this.#sessionId });
      const { now, stored } = found.value;
      const context = { owner: principal, workingDirectory: null, project: NO_PROJECT, setAt: now, ...begin };
      const begun = await this.#begin(context, stored);
      if (!begun.ok) return begun;
      found = await this.find(principal);
      if (!found.ok) return found;
    }
    const { now, live } = found.value;
    if (live === null) return ok({ created: false, context: null, before: null, entries: [] });
    const outcome = this.#state.apply(operation);
    const context = await this.#access(live, live.session.project ?? NO_PROJECT, now);
    return outcome.ok ? ok({ created, context, ...outcome.value }) : outcome;
  }

  /** What is stored, if `principal` may know of it. */
  async find(principal: Principal): Promise<Result<Found, Refusal>> {
    const found = await this.#life.read();
    const { now, live, stored } = found;
    const deleted = isDeleted(stored, now);
    if (stored !== undefined && stored.owner !== principal && (live !== null || deleted)) {
      return fail({ kind: "session_unknown", sessionId: this.#sessionId });
    }
    return deleted ? fail({ kind: "session_deleted", sessionId: this.#sessionId }) : ok(found);
  }

  /** Begins a context; what one before it has left in this storage goes. */
  #begin(context: NewContext, stored: StoredSession | undefined) {
    if (stored !== undefined) this.clear();
    return this.#life.begin(context, stored);
  }

  /** Forgets what the session keeps beside its record. */
  clear(): void {
    this.#catalog.clear();
    this.#state.clear();
  }

  /** An access: moves the deadline, and notes the project if it is another than before. */
  async #access({ session, deadline }: Live, project: SessionProject, now: number): Promise<SessionContext> {
    const record = !isSameProject(project, session.project ?? NO_PROJECT);
    const updated = record ? { ...session, project } : session;
    const next = await this.#life.touch(updated, deadline, now, { record });
    this.#life.debug("session_touched");
    return this.view({ session: updated, deadline: next }, deadline, now);
  }

  /** A live context as callers see it. */
  view(live: Live, previousDeadline: number, now: number): SessionContext {
    return contextOf(this.#sessionId, live, previousDeadline, now);
  }
}
