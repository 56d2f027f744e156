import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { configOf } from "../config.ts";
import { TOMBSTONE_MS } from "../constants.ts";
import { fail, ok, type Result } from "../failure.ts";
import { createLogger } from "../log.ts";
import type { CatalogOperation } from "../projects/catalog.ts";
import { Catalogs } from "../projects/catalogs.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { Registry } from "../registry/registry.ts";
import { Answers } from "./answers.ts";
import { SessionCatalog } from "./session-catalog.ts";
import {
  contextOf,
  endReasonOf,
  isDeleted,
  isShared,
  type Live,
  type LiveSession,
  type Principal,
  type SessionContext,
  type StoredSession,
} from "./session-context.ts";
import { encodeSessionId } from "./session-id.ts";
import { type Found, type NewContext, type QuotaExceeded, SessionLife } from "./session-life.ts";
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
import { SessionState, type StateFailure, type StateOperation } from "./session-state.ts";

/**
 * One session, as the Worker calls it: who may do what, and what an access answers. Knows no protocol.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as SESSIONS.
 * export { SessionObject } from "mcp-session-context";
 * ```
 */
export class SessionObject extends DurableObject<SessionBindings> {
  readonly #sessionId: string;
  readonly #life: SessionLife;
  readonly #catalog: SessionCatalog;
  readonly #state: SessionState;
  readonly #answers = new Answers();

  constructor(ctx: DurableObjectState, env: SessionBindings) {
    super(ctx, env);
    const config = configOf(env);
    this.#sessionId = encodeSessionId(ctx.id.toString());
    this.#catalog = new SessionCatalog(ctx.storage, new Catalogs(env.CATALOG, config));
    this.#state = new SessionState(ctx.storage);
    const registry = new Registry(env.REGISTRY, config);
    this.#life = new SessionLife(this.#sessionId, ctx.storage, registry, createLogger(config.logLevel), () =>
      this.#catalog.forgetTables(),
    );
  }

  /**
   * Sets the working directory, beginning a context if there is none, and finds the project that it leads to.
   * @internal
   */
  async set(principal: Principal, request: SetRequest): Promise<Result<SetReply, Refusal | QuotaExceeded>> {
    const { workingDirectory, config, client, idleTimeoutMs, shard, maxSessions } = request;
    const begin = async ({ now, stored }: Found, project: SessionProject & Entered) => {
      const { switched, wouldSwitch, ...known } = project;
      const context = { owner: principal, workingDirectory, project: known, client, setAt: now, idleTimeoutMs };
      const begun = await this.#begin({ ...context, shard, maxSessions }, stored);
      if (!begun.ok) return begun;
      return ok({ created: true, switched, wouldSwitch, context: this.#view(begun.value, begun.value.deadline, now) });
    };

    let found = await this.#find(principal);
    if (!found.ok) return found;
    let created = false;
    if (found.value.live === null && (isShared(principal) || config?.ok)) {
      // First the context: what refuses it must not leave the config in a catalog, and one in this storage must go with it.
      const unknown = isShared(principal) ? NO_PROJECT : UNKNOWN_PROJECT;
      const first = config?.ok === false ? enterUnusable(unknown, config.failure) : { ...unknown, ...NOT_ENTERED };
      const begun = await begin(found.value, first);
      if (!begun.ok || !config?.ok) return begun;
      created = true;
      found = await this.#find(principal);
      if (!found.ok) return found;
      // Ended while the registry was at work: the set wins.
      if (found.value.live === null) return this.set(principal, request);
    }
    const before = found.value.live?.session.project ?? NO_PROJECT;
    const question = questionOf(before, workingDirectory, { anew: true });
    const operation = config?.ok ? ({ kind: "register", registration: config.value } as const) : null;
    const reply = config?.ok === false ? config : await this.#catalog.ask(principal, operation, question);
    found = await this.#find(principal);
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
    return ok({ created, switched, wouldSwitch, context: this.#view({ session, deadline }, live.deadline, now) });
  }

  /** @internal The context, or null if there is none. An access: it moves the deadline. */
  async get(principal: Principal): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    const found = await this.#find(principal);
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
   * @internal
   */
  async project(
    principal: Principal,
    explicit: string | null,
    operation: CatalogOperation | null,
  ): Promise<Result<ProjectReply, Refusal | NoContext | ProjectFailure>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null && isShared(principal)) return fail({ kind: "no_context", sessionId: this.#sessionId });
    const directory = live?.session.workingDirectory ?? null;
    const project = live?.session.project ?? NO_PROJECT;
    const question = questionOf(project, directory, { explicit, anew: project.failure !== null });
    const asked = await this.#catalog.ask(principal, operation, question);
    const after = await this.#find(principal);
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
   * @internal
   */
  async state(
    principal: Principal,
    operation: StateOperation,
    begin: BeginRequest | null,
  ): Promise<Result<StateReply, Refusal | NoContext | QuotaExceeded | StateFailure>> {
    let found = await this.#find(principal);
    if (!found.ok) return found;
    const created = found.value.live === null && operation.kind === "set";
    if (created) {
      if (begin === null) return fail({ kind: "no_context", sessionId: this.#sessionId });
      const { now, stored } = found.value;
      const context = { owner: principal, workingDirectory: null, project: NO_PROJECT, setAt: now, ...begin };
      const begun = await this.#begin(context, stored);
      if (!begun.ok) return begun;
      found = await this.#find(principal);
      if (!found.ok) return found;
    }
    const { now, live } = found.value;
    if (live === null) return ok({ created: false, context: null, before: null, entries: [] });
    const outcome = this.#state.apply(operation);
    const context = await this.#access(live, live.session.project ?? NO_PROJECT, now);
    return outcome.ok ? ok({ created, context, ...outcome.value }) : outcome;
  }

  /**
   * The context, or null, without touching it: for listings, and for requests that only ask whether `principal` may use
   * this session.
   * @internal
   */
  async peek(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    return ok(live && this.#view(live, live.deadline, now));
  }

  /**
   * What the client has answered to a request that a running call sent it; null if nothing has come for a while, and the
   * call has to ask again if it still wants to know. Needs no context and touches none.
   */
  async takeAnswer(principal: Principal, requestId: string): Promise<Result<string | null, Refusal>> {
    const found = await this.#find(principal);
    return found.ok ? ok(await this.#answers.take(principal, requestId)) : found;
  }

  /** Passes the client's answer on to the call that waits for it. */
  async giveAnswer(principal: Principal, requestId: string, answer: string): Promise<Result<null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    this.#answers.give(principal, requestId, answer);
    return ok(null);
  }

  /**
   * Whether the context that began at `openedAt` is still live. For the registry's audit; touches nothing.
   * @internal
   */
  async holds(openedAt: number): Promise<boolean> {
    const { live } = await this.#life.read();
    return live?.session.openedAt === openedAt;
  }

  /** @internal Forgets the context; the id stays usable. `ended` tells whether there was one. */
  async end(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null) return ok({ ended: false });
    await this.#life.close(live.session, "ended", null);
    return ok({ ended: true });
  }

  /** @internal The context, whoever owns it, without touching it: for pages of an operator. Callers of tools must not get here. */
  async peekAsOperator(): Promise<SessionContext | null> {
    const { now, live } = await this.#life.read();
    return live && this.#view(live, live.deadline, now);
  }

  /** @internal Forgets the context, whoever owns it. The owner finds it as if they had ended it themselves; the id stays usable. */
  async endAsOperator(): Promise<{ ended: boolean }> {
    const { live } = await this.#life.read();
    if (live === null) return { ended: false };
    await this.#life.close(live.session, "ended", null);
    return { ended: true };
  }

  /** @internal Ends the session for good: for 24 hours it answers as deleted. */
  async delete(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    // What stays for a day is a tombstone, not what the session kept.
    this.#clear();
    const { now, live, stored } = found.value;
    const deletedUntil = now + TOMBSTONE_MS;
    if (stored?.state === "live" || stored?.state === "closing") {
      const reason = live === null ? endReasonOf(stored) : "deleted";
      await this.#life.close({ ...stored, owner: principal }, reason, deletedUntil);
    } else {
      await this.#life.markDeleted(principal, deletedUntil);
    }
    return ok({ ended: live !== null });
  }

  override alarm(): Promise<void> {
    return this.#life.onAlarm();
  }

  /** What is stored, if `principal` may know of it. */
  async #find(principal: Principal): Promise<Result<Found, Refusal>> {
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
    if (stored !== undefined) this.#clear();
    return this.#life.begin(context, stored);
  }

  #clear(): void {
    this.#catalog.clear();
    this.#state.clear();
  }

  /** An access: moves the deadline, and notes the project if it is another than before. */
  async #access({ session, deadline }: Live, project: SessionProject, now: number): Promise<SessionContext> {
    const record = !isSameProject(project, session.project ?? NO_PROJECT);
    const updated = record ? { ...session, project } : session;
    const next = await this.#life.touch(updated, deadline, now, { record });
    this.#life.debug("session_touched");
    return this.#view({ session: updated, deadline: next }, deadline, now);
  }

  #view(live: Live, previousDeadline: number, now: number): SessionContext {
    return contextOf(this.#sessionId, live, previousDeadline, now);
  }
}
