import { type Failure, fail, ok, type Result } from "../failure.ts";
import { type LogFields, type Logger, shortSessionId } from "../log.ts";
import type { Registry } from "../registry/registry.ts";
import type { EndReason } from "../registry/tally.ts";
import {
  type ClosingSession,
  closingOf,
  deadlineAfter,
  deadlineOf,
  endReasonOf,
  type Live,
  type LiveSession,
  nextTryOf,
  type Principal,
  type Registration,
  registryRetryDelayMs,
  type StoredSession,
} from "./session-context.ts";
import type { SessionRecord } from "./session-record.ts";

/** What an access finds: the record, and the live context in it, if there is one. */
export interface Found {
  readonly now: number;
  readonly stored: StoredSession | undefined;
  readonly live: Live | null;
}

/** What a context begins with. */
export interface NewContext extends Pick<LiveSession, "workingDirectory" | "project" | "client" | "setAt" | "region"> {
  readonly owner: Principal;
  readonly idleTimeoutMs: number;
  readonly shard: number;
  readonly registrySize: number;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export type QuotaExceeded = Extract<Failure, { kind: "quota_exceeded" }>;
type Unavailable = Extract<Failure, { kind: "session_unavailable" }>;

/**
 * The stored record of one session, its alarm, and its row in the registry, kept in step whatever fails in between.
 * Life of a context: absent → live → closing → absent; or closing → deleted, which its own alarm removes.
 * Between two awaits everything is one transaction; after each await on the registry the record is read anew.
 */
export class SessionLife {
  readonly #sessionId: string;
  readonly #record: SessionRecord;
  readonly #registry: Registry;
  readonly #log: Logger;
  /** The registration under way, so that sets of the same context that arrive meanwhile wait for it too. */
  #registering: { readonly openedAt: number; readonly outcome: Promise<QuotaExceeded | null> } | null = null;

  constructor(sessionId: string, record: SessionRecord, registry: Registry, log: Logger) {
    this.#sessionId = sessionId;
    this.#record = record;
    this.#registry = registry;
    this.#log = log;
  }

  /** What is stored. Touches nothing, but gives a record without alarm one again. */
  async read(): Promise<Found> {
    const { stored, alarm } = await this.#record.read();
    const now = Date.now();
    // The alarm is being handled, or the platform has given it up.
    if (stored !== undefined && alarm === null) await this.#repair(stored);
    const deadline = stored?.state === "live" ? deadlineOf(stored, alarm, now) : null;
    const live = stored?.state === "live" && deadline !== null ? { session: stored, deadline } : null;
    return { now, stored, live };
  }

  /**
   * Begins a context and registers it. A context whose registration fails works all the same: its alarm tries again.
   * @param stored The record found, whose context is over, if there is one.
   */
  async begin(
    { maxSessions, shard, ...context }: NewContext,
    stored: StoredSession | undefined,
  ): Promise<Result<Live, QuotaExceeded | Unavailable>> {
    const previous = stored?.state === "live" || stored?.state === "closing" ? stored : null;
    const own = previous?.owner === context.owner ? previous : null;
    if (previous !== null && own === null) {
      // Its row belongs to somebody else and stands in their shard: it must be gone first.
      await this.close(previous, "expired", null);
      if (this.#record.stored() !== undefined) return fail({ kind: "session_unavailable", sessionId: this.#sessionId });
    }
    const now = context.setAt;
    const deadline = deadlineAfter(now, context.idleTimeoutMs);
    const registration = { deadline, tries: 0, ...(own !== null && { previousEnd: endReasonOf(own) }) };
    const session: LiveSession = {
      version: 1,
      state: "live",
      ...context,
      // A row of the context before may still stand: stay in its shard, and be newer than it.
      shard: own?.shard ?? shard,
      openedAt: own === null ? now : Math.max(now, own.openedAt + 1),
      registration,
    };
    await this.#storeUnregistered(session, registration);
    this.debug("session_begun", { path: session.workingDirectory });
    const refused = await this.register(session, maxSessions);
    return refused === null ? ok({ session, deadline }) : fail(refused);
  }

  /** Moves the deadline of a live session, never backwards, and returns it. Writes nothing if nothing changes. */
  async touch(session: LiveSession, deadline: number, now: number, { record = false } = {}): Promise<number> {
    const next = Math.max(deadline, deadlineAfter(now, session.idleTimeoutMs));
    if (session.registration !== undefined) {
      if (record || next !== deadline) {
        this.#record.put({ ...session, registration: { ...session.registration, deadline: next } });
      }
      return next;
    }
    if (record) this.#record.put(session);
    // Losing the move of a read on a crash costs at most the time since the access before; a set waits for its write.
    if (next !== deadline) await this.#record.setAlarm(next, { allowUnconfirmed: !record });
    return next;
  }

  /**
   * Tries to register the context and notes how it went; if the registry cannot be reached, the alarm tries again.
   * Returns a failure only if the principal's quota refuses the context, which is then gone.
   */
  register(session: LiveSession, maxSessions: number): Promise<QuotaExceeded | null> {
    const { openedAt } = session;
    if (this.#registering?.openedAt === openedAt) return this.#registering.outcome;
    const outcome = this.#tryToRegister(session, maxSessions).finally(() => {
      if (this.#registering?.openedAt === openedAt) this.#registering = null;
    });
    this.#registering = { openedAt, outcome };
    return outcome;
  }

  async #tryToRegister(
    { openedAt, shard, owner, client, region = null, registrySize, registration }: LiveSession,
    maxSessions: number,
  ): Promise<QuotaExceeded | null> {
    const { previousEnd = "expired" } = registration ?? {};
    const request = { sessionId: this.#sessionId, openedAt, principal: owner, client, previousEnd, region };
    const answer = await this.#registry.register(shard, request, maxSessions, registrySize);
    const session = this.#record.stored();
    // Ended, or begun anew, while the registry was at work: that has its own way on.
    if (session?.state !== "live" || session.openedAt !== openedAt || session.registration === undefined) return null;
    const { deadline, tries, ...rest } = session.registration;
    if (!answer.ok) {
      this.#log("warn", "registration_failed", { session: shortSessionId(this.#sessionId), shard, tries });
      await this.#storeUnregistered(session, { deadline, tries: tries + 1, ...rest });
    } else if (answer.value.registered) {
      // Says that the row is confirmed. Nobody has to wait for it: lost in a crash, the next try finds the row that is there.
      await this.#record.setAlarm(deadline, { allowUnconfirmed: true });
    } else {
      await this.#record.deleteAll();
      return { kind: "quota_exceeded", limit: maxSessions, oldest: answer.value.oldest };
    }
    return null;
  }

  /** A context whose row nobody has confirmed: the alarm is the next try. */
  #storeUnregistered(session: LiveSession, registration: Registration): Promise<void> {
    const retryAt = nextTryOf(registration, Date.now());
    return this.#record.store({ ...session, registration: { ...registration, retryAt } }, retryAt);
  }

  /** Ends the context at once and removes its row; `deletedUntil` leaves a tombstone. */
  async close(session: LiveSession | ClosingSession, reason: EndReason, deletedUntil: number | null): Promise<void> {
    this.debug(`session_${reason}`);
    await this.#record.store(closingOf(session, reason, deletedUntil), Date.now() + registryRetryDelayMs(0));
    await this.#finishClosing();
  }

  async #finishClosing(): Promise<void> {
    const before = this.#record.stored();
    if (before?.state !== "closing") return;
    const { openedAt, shard } = before;
    const entry = { sessionId: this.#sessionId, openedAt };
    const answer = await this.#registry.unregister(shard, entry, endReasonOf(before));
    const session = this.#record.stored();
    // A set came in between: it wins, and its row is newer than the one that was removed.
    if (session?.state !== "closing" || session.openedAt !== openedAt) return;
    const now = Date.now();
    if (!answer.ok) {
      this.#log("warn", "unregistration_failed", { session: shortSessionId(this.#sessionId), shard });
      await this.#record.store({ ...session, tries: session.tries + 1 }, now + registryRetryDelayMs(session.tries));
    } else if (session.deletedUntil !== null && now < session.deletedUntil) {
      const { owner, deletedUntil } = session;
      await this.#record.store({ version: 1, state: "deleted", owner, deletedUntil }, deletedUntil);
    } else {
      // No await between the check above and this: nothing that came meanwhile is deleted with it.
      await this.#record.deleteAll();
    }
  }

  /** Ends the session for good where no context has to be closed first. */
  markDeleted(owner: Principal, deletedUntil: number): Promise<void> {
    return this.#record.store({ version: 1, state: "deleted", owner, deletedUntil }, deletedUntil);
  }

  /** The deadline has come, or another try to reach the registry is due. */
  async onAlarm(): Promise<void> {
    const scheduled = await this.#record.alarm();
    // Delivered again after an access has moved it: the one that is set will come in its own time.
    if (scheduled !== null && scheduled > Date.now()) return;
    try {
      await this.#advance();
    } catch (error) {
      // Six throws and the platform forgets the alarm, and the session with it: come back instead.
      this.#log("error", "alarm_failed", { session: shortSessionId(this.#sessionId), error: String(error) });
      await this.#repair(this.#record.stored());
    }
  }

  async #advance(): Promise<void> {
    const stored = this.#record.stored();
    const now = Date.now();
    if (stored === undefined) return;
    if (stored.state === "deleted") {
      if (now < stored.deletedUntil) await this.#record.setAlarm(stored.deletedUntil);
      else await this.#record.deleteAll();
    } else if (stored.state === "closing") {
      await this.#finishClosing();
    } else if (stored.registration !== undefined && now < stored.registration.deadline) {
      // Acknowledged long ago: a quota must not take it away any more.
      await this.register(stored, 0);
    } else {
      await this.close(stored, "expired", null);
    }
  }

  /**
   * Gives a record without alarm one again, so that it is never forgotten. A context whose own alarm is gone has
   * expired, and must be marked so first: with a new alarm it would look alive.
   */
  async #repair(stored: StoredSession | undefined): Promise<void> {
    if (stored === undefined) return;
    const now = Date.now();
    if (stored.state === "live" && stored.registration !== undefined && now < stored.registration.deadline) {
      return this.#storeUnregistered(stored, stored.registration);
    }
    const record = stored.state === "live" ? closingOf(stored, "expired", null) : stored;
    await this.#record.store(record, now + registryRetryDelayMs(0));
  }

  /** A line at debug, where the full session id may stand. */
  debug(event: string, fields: LogFields = {}): void {
    this.#log("debug", event, { session: this.#sessionId, ...fields });
  }
}
