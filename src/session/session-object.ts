import { DurableObject } from "cloudflare:workers";
import { parseConfig } from "../config.ts";
import { TOMBSTONE_MS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import { createLogger, type LogFields, type Logger } from "../log.ts";
import { Registry } from "../registry/registry.ts";
import {
  type ClosingSession,
  deadlineAfter,
  deadlineOf,
  isDeleted,
  type LiveSession,
  lastUsedAt,
  type Principal,
  registryRetryDelayMs,
  type SessionContext,
  type StoredSession,
} from "./session-context.ts";
import { encodeSessionId } from "./session-id.ts";

/** What a set brings along. The last two count only if a context begins. */
export interface SetRequest {
  readonly workingDirectory: string;
  readonly client: string | null;
  readonly idleTimeoutMs: number;
  readonly shard: number;
}

type Refusal = Extract<Failure, { kind: "session_unknown" | "session_deleted" }>;

const KEY = "session";

/**
 * One session: its context, its deadline (the alarm) and its way out of the registry. Knows no protocol.
 * Life of a context: absent → live → closing → absent; `DELETE` ends in deleted, which its own alarm removes.
 */
export class SessionObject extends DurableObject<Env> {
  readonly #sessionId: string;
  readonly #registry: Registry;
  readonly #log: Logger;
  /** The registration under way, so that sets that arrive meanwhile wait for it too. */
  #registering: Promise<void> | null = null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = parseConfig(env);
    this.#sessionId = encodeSessionId(ctx.id.toString());
    this.#registry = new Registry(env.REGISTRY, config);
    this.#log = createLogger(config.logLevel);
  }

  /** Sets the working directory, beginning a context if there is none. */
  async set(
    principal: Principal,
    request: SetRequest,
  ): Promise<Result<{ created: boolean; context: SessionContext }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live, stored } = found.value;
    const update = {
      workingDirectory: request.workingDirectory,
      configPath: null,
      projectId: null,
      client: request.client,
      setAt: now,
    };
    if (live !== null) {
      const session: LiveSession = { ...live.session, ...update };
      const deadline = this.#touch(session, live.deadline, now, { record: true });
      // Whoever joins a context that is being registered must find it counted too.
      if (session.registration !== undefined) await this.#register();
      return ok({ created: false, context: this.#view(session, live.deadline, deadline, now) });
    }
    const previous = stored?.state === "live" || stored?.state === "closing" ? stored : null;
    const deadline = deadlineAfter(now, request.idleTimeoutMs);
    const session: LiveSession = {
      version: 1,
      state: "live",
      owner: principal,
      ...update,
      idleTimeoutMs: request.idleTimeoutMs,
      // A row of the context before may still stand: stay in its shard, and be newer than it.
      shard: previous?.shard ?? request.shard,
      openedAt: previous === null ? now : Math.max(now, previous.openedAt + 1),
      registration: { deadline, tries: 0 },
    };
    this.#store(session, Math.min(deadline, now + registryRetryDelayMs(0)));
    this.#debug("session_begun", { path: session.workingDirectory });
    await this.#register();
    return ok({ created: true, context: this.#view(session, deadline, deadline, now) });
  }

  /** The context, or null if there is none. An access: it moves the deadline. */
  async get(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    if (live === null) return ok(null);
    const deadline = this.#touch(live.session, live.deadline, now);
    this.#debug("session_touched");
    return ok(this.#view(live.session, live.deadline, deadline, now));
  }

  /** Whether `principal` may use this session, which need not have a context. No access: it moves and writes nothing. */
  async check(principal: Principal): Promise<Result<void, Refusal>> {
    const found = await this.#find(principal);
    return found.ok ? ok(undefined) : found;
  }

  /** Forgets the context; the id stays usable. `ended` tells whether there was one. */
  async end(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null) return ok({ ended: false });
    await this.#close(live.session, "session_ended", null);
    return ok({ ended: true });
  }

  /** Ends the session for good: for 24 hours it answers as deleted. */
  async delete(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live, stored } = found.value;
    const deletedUntil = now + TOMBSTONE_MS;
    if (stored?.state === "live" || stored?.state === "closing") {
      await this.#close(stored, "session_deleted", deletedUntil);
    } else {
      this.#store({ version: 1, state: "deleted", owner: principal, deletedUntil }, deletedUntil);
    }
    return ok({ ended: live !== null });
  }

  /** The deadline has come, or another try to reach the registry is due. */
  override async alarm(): Promise<void> {
    try {
      await this.#onAlarm();
    } catch (error) {
      // Six throws and the platform forgets the alarm, and the session with it: never throw, always come back.
      this.#log("error", "alarm_failed", { session: this.#sessionId, error: String(error) });
      await this.ctx.storage.setAlarm(Date.now() + registryRetryDelayMs(0));
    }
  }

  async #onAlarm(): Promise<void> {
    const scheduled = await this.ctx.storage.getAlarm();
    const stored = this.#stored();
    const now = Date.now();
    // Delivered again after an access has moved it: the one that is set will come in its own time.
    if (stored === undefined || (scheduled !== null && scheduled > now)) return;
    if (stored.state === "deleted") {
      if (now < stored.deletedUntil) await this.ctx.storage.setAlarm(stored.deletedUntil);
      else await this.ctx.storage.deleteAll();
    } else if (stored.state === "closing") {
      await this.#finishClosing();
    } else if (stored.registration !== undefined && now < stored.registration.deadline) {
      await this.#register();
    } else {
      await this.#close(stored, "session_expired", null);
    }
  }

  /** What is stored, and the live context in it if it belongs to `principal`. */
  async #find(
    principal: Principal,
  ): Promise<
    Result<
      { now: number; stored: StoredSession | undefined; live: { session: LiveSession; deadline: number } | null },
      Refusal
    >
  > {
    const alarm = await this.ctx.storage.getAlarm();
    const stored = this.#stored();
    const now = Date.now();
    const deadline = stored?.state === "live" ? deadlineOf(stored, alarm, now) : null;
    const live = stored?.state === "live" && deadline !== null ? { session: stored, deadline } : null;
    const deleted = isDeleted(stored, now);
    if (stored !== undefined && stored.owner !== principal && (live !== null || deleted)) {
      return fail({ kind: "session_unknown", sessionId: this.#sessionId });
    }
    if (deleted) return fail({ kind: "session_deleted", sessionId: this.#sessionId });
    return ok({ now, stored, live });
  }

  /** Moves the deadline of a live session, never backwards, and returns it. Writes nothing if nothing changes. */
  #touch(session: LiveSession, deadline: number, now: number, { record = false } = {}): number {
    const next = Math.max(deadline, deadlineAfter(now, session.idleTimeoutMs));
    if (session.registration !== undefined) {
      if (record || next !== deadline) {
        this.ctx.storage.kv.put(KEY, { ...session, registration: { ...session.registration, deadline: next } });
      }
      return next;
    }
    if (record) this.ctx.storage.kv.put(KEY, session);
    // Losing the move of a read on a crash costs at most the time since the access before; a set waits for its write.
    if (next !== deadline) void this.ctx.storage.setAlarm(next, { allowUnconfirmed: !record });
    return next;
  }

  /** Tries to register the context and notes how it went. Never fails: the alarm tries again. */
  async #register(): Promise<void> {
    this.#registering ??= this.#tryToRegister().finally(() => {
      this.#registering = null;
    });
    await this.#registering;
  }

  async #tryToRegister(): Promise<void> {
    const before = this.#stored();
    if (before?.state !== "live" || before.registration === undefined) return;
    const answer = await this.#registry.register(before.shard, this.#entry(before));
    const session = this.#stored();
    // Ended, or begun anew, while the registry was at work: that has its own way on.
    if (session?.state !== "live" || session.openedAt !== before.openedAt || session.registration === undefined) return;
    const { deadline, tries } = session.registration;
    if (answer.ok) {
      const { registration: _, ...registered } = session;
      this.#store(registered, deadline);
    } else {
      this.#log("warn", "registration_failed", { session: this.#sessionId.slice(0, 11), shard: session.shard, tries });
      const retryAt = Date.now() + registryRetryDelayMs(tries);
      this.#store({ ...session, registration: { deadline, tries: tries + 1 } }, Math.min(deadline, retryAt));
    }
  }

  /** Ends the context at once and removes its row; `deletedUntil` leaves a tombstone. */
  async #close(session: LiveSession | ClosingSession, event: string, deletedUntil: number | null): Promise<void> {
    const { owner, openedAt, shard } = session;
    this.#debug(event);
    this.#store(
      { version: 1, state: "closing", owner, openedAt, shard, tries: 0, deletedUntil },
      Date.now() + registryRetryDelayMs(0),
    );
    await this.#finishClosing();
  }

  async #finishClosing(): Promise<void> {
    const before = this.#stored();
    if (before?.state !== "closing") return;
    const answer = await this.#registry.unregister(before.shard, this.#entry(before));
    const session = this.#stored();
    // A set came in between: it wins, and its row is newer than the one that was removed.
    if (session?.state !== "closing" || session.openedAt !== before.openedAt) return;
    const now = Date.now();
    if (!answer.ok) {
      this.#log("warn", "unregistration_failed", { session: this.#sessionId.slice(0, 11), shard: session.shard });
      this.#store({ ...session, tries: session.tries + 1 }, now + registryRetryDelayMs(session.tries));
    } else if (session.deletedUntil !== null && now < session.deletedUntil) {
      const { owner, deletedUntil } = session;
      this.#store({ version: 1, state: "deleted", owner, deletedUntil }, deletedUntil);
    } else {
      // No await between the check above and this: nothing that came meanwhile is deleted with it.
      await this.ctx.storage.deleteAll();
    }
  }

  #stored(): StoredSession | undefined {
    return this.ctx.storage.kv.get<StoredSession>(KEY);
  }

  /** Record and alarm in one transaction: no await stands between them. */
  #store(session: StoredSession, alarm: number): void {
    this.ctx.storage.kv.put(KEY, session);
    void this.ctx.storage.setAlarm(alarm);
  }

  #entry({ openedAt }: LiveSession | ClosingSession) {
    return { sessionId: this.#sessionId, openedAt };
  }

  #view(session: LiveSession, previousDeadline: number, deadline: number, now: number): SessionContext {
    const { workingDirectory, configPath, projectId, client, setAt, idleTimeoutMs } = session;
    return {
      sessionId: this.#sessionId,
      workingDirectory,
      configPath,
      projectId,
      client,
      setAt,
      lastUsed: lastUsedAt(previousDeadline, idleTimeoutMs, now),
      expiresAt: deadline,
    };
  }

  #debug(event: string, fields: LogFields = {}): void {
    this.#log("debug", event, { session: this.#sessionId, ...fields });
  }
}
