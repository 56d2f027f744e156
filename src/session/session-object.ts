import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { configOf } from "../config.ts";
import { TOMBSTONE_MS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import { createLogger } from "../log.ts";
import type { CatalogOperation, CatalogOutcome, Registration } from "../projects/catalog.ts";
import { Catalogs } from "../projects/catalogs.ts";
import type { Project } from "../projects/project.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { Registry } from "../registry/registry.ts";
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
import { absorb, type Entered, isSameProject, NO_PROJECT, questionOf, type SessionProject } from "./session-project.ts";
import { SessionState, type StateFailure, type StateOperation, type StateOutcome } from "./session-state.ts";

/** What a context begins with, if a call has to begin one. */
export interface BeginRequest {
  readonly client: string | null;
  readonly idleTimeoutMs: number;
  readonly shard: number;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export interface SetRequest extends BeginRequest {
  readonly workingDirectory: string;
  /** The config that came with the directory: to be registered, or why it cannot be used. */
  readonly config: Result<Registration, ProjectFailure> | null;
}

export interface StateReply extends StateOutcome {
  readonly created: boolean;
  /** Null if the session has none. */
  readonly context: SessionContext | null;
}

export interface SetReply extends Entered {
  readonly created: boolean;
  readonly context: SessionContext;
}

/** A question or an operation about projects, and the session it was asked in. */
export interface ProjectReply {
  /** Null if the session has none. */
  readonly context: SessionContext | null;
  readonly active: Project | null;
  readonly explicit: Result<Project, ProjectFailure> | null;
  readonly outcome: Result<CatalogOutcome, ProjectFailure> | null;
}

type Refusal = Extract<Failure, { kind: "session_unknown" | "session_deleted" | "session_unavailable" }>;
type NoContext = Extract<Failure, { kind: "no_context" }>;

const NOT_ENTERED: Entered = { switched: false, wouldSwitch: false };

/** One session, as the Worker calls it: who may do what, and what an access answers. Knows no protocol. */
export class SessionObject extends DurableObject<SessionBindings> {
  readonly #sessionId: string;
  readonly #life: SessionLife;
  readonly #catalog: SessionCatalog;
  readonly #state: SessionState;

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

  /** Sets the working directory, beginning a context if there is none, and finds the project that it leads to. */
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
    if (isShared(principal) && found.value.live === null) {
      // Its catalog is in this storage, where nothing new may come without a context.
      const begun = await begin(found.value, { ...NO_PROJECT, ...NOT_ENTERED });
      if (!begun.ok || config === null) return begun;
      created = true;
    }
    const project = await this.#enter(principal, found.value.live?.session.project ?? NO_PROJECT, request);
    found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    if (live === null) return begin(found.value, project);
    const { switched, wouldSwitch, ...known } = project;
    const session: LiveSession = { ...live.session, workingDirectory, project: known, client, setAt: now };
    const deadline = await this.#life.touch(session, live.deadline, now, { record: true });
    // Whoever joins a context that is being registered must find it counted too, or refused with it.
    const refused = session.registration === undefined ? null : await this.#life.register(session, maxSessions);
    if (refused !== null) return fail(refused);
    return ok({ created, switched, wouldSwitch, context: this.#view({ session, deadline }, live.deadline, now) });
  }

  /** The context, or null if there is none. An access: it moves the deadline. */
  async get(principal: Principal): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    if (live === null) return ok(null);
    if (this.#catalog.isFresh(principal, live.session.project ?? NO_PROJECT, now)) {
      return ok(await this.#access(live, live.session.project ?? NO_PROJECT, now));
    }
    const reply = await this.project(principal, null, null);
    // No context can only mean that it ended while the catalog was asked.
    if (!reply.ok) return reply.failure.kind === "no_context" ? ok(null) : fail(reply.failure);
    return ok(reply.value.context);
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
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null && isShared(principal)) return fail({ kind: "no_context", sessionId: this.#sessionId });
    const before = live?.session.project ?? NO_PROJECT;
    const directory = live?.session.workingDirectory ?? null;
    const question = questionOf(before, directory, { explicit, anew: before.failure !== null });
    const asked = await this.#catalog.ask(principal, operation, question);
    const after = await this.#find(principal);
    if (!after.ok) return after;
    const now = after.value.now;
    const same = after.value.live?.session.setAt === live?.session.setAt ? after.value.live : null;
    if (!asked.ok) {
      // Said, but not stored: what is stored is right as of its version.
      if (operation !== null || explicit !== null) return asked;
      const context = same && (await this.#access(same, before, now));
      const unknown = context && { ...context, project: { ...before, version: null } };
      return ok({ context: unknown, active: null, explicit: null, outcome: null });
    }
    const { outcome, answer } = asked.value;
    // The cure for a config that could not be used: one for this directory, registered here and now.
    const registered = outcome?.ok && outcome.value.kind === "register" ? outcome.value.project.root : null;
    const cures = registered !== null && answer.discovered?.found?.root === registered;
    const cured = cures ? { ...before, failure: null } : before;
    const { switched: _, wouldSwitch: __, ...project } = absorb(cured, answer);
    const context = same && (await this.#access(same, project, now));
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
   */
  async peek(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    return ok(live && this.#view(live, live.deadline, now));
  }

  /** Whether the context that began at `openedAt` is still live. For the registry's audit; touches nothing. */
  async holds(openedAt: number): Promise<boolean> {
    const { live } = await this.#life.read();
    return live?.session.openedAt === openedAt;
  }

  /** Forgets the context; the id stays usable. `ended` tells whether there was one. */
  async end(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null) return ok({ ended: false });
    await this.#life.close(live.session, "ended", null);
    return ok({ ended: true });
  }

  /** The context, whoever owns it, without touching it: for pages of an operator. Callers of tools must not get here. */
  async peekAsOperator(): Promise<SessionContext | null> {
    const { now, live } = await this.#life.read();
    return live && this.#view(live, live.deadline, now);
  }

  /** Forgets the context, whoever owns it. The owner finds it as if they had ended it themselves; the id stays usable. */
  async endAsOperator(): Promise<{ ended: boolean }> {
    const { live } = await this.#life.read();
    if (live === null) return { ended: false };
    await this.#life.close(live.session, "ended", null);
    return { ended: true };
  }

  /** Ends the session for good: for 24 hours it answers as deleted. */
  async delete(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
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
    if (stored !== undefined) {
      this.#catalog.clear();
      this.#state.clear();
    }
    return this.#life.begin(context, stored);
  }

  /** Which project a directory leads to that is being set. Never fails: the directory is set whatever its config is. */
  async #enter(
    principal: Principal,
    before: SessionProject,
    { workingDirectory, config }: SetRequest,
  ): Promise<SessionProject & Entered> {
    if (config?.ok === false) {
      return { ...before, ...NOT_ENTERED, found: null, current: null, failure: config.failure };
    }
    const operation = config === null ? null : ({ kind: "register", registration: config.value } as const);
    const asked = await this.#catalog.ask(principal, operation, questionOf(before, workingDirectory, { anew: true }));
    if (!asked.ok) return { ...NO_PROJECT, ...NOT_ENTERED, current: before.current, version: null };
    const { outcome, answer } = asked.value;
    if (outcome?.ok === false) {
      const { version, active } = answer;
      return { ...NOT_ENTERED, version, active, found: null, current: null, failure: outcome.failure };
    }
    return absorb({ ...before, failure: null }, answer);
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
