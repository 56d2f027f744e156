import { type LogFields, type Logger, shortSessionId } from "../base/log.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import type { Principal } from "../model/principal.ts";
import type { EndReason } from "../registry/tally.ts";
import {
  type ClosingSession,
  closingOf,
  deadlineOf,
  deletedOf,
  endReasonOf,
  headerDeletedUntil,
  type Live,
  type LiveSession,
  nextTryOf,
  registryRetryDelayMs,
  type StoredSession,
  usedAt,
} from "./session-context.ts";
import type { SessionRecord } from "./session-record.ts";
import type { SessionUnavailable } from "./session-requests.ts";
import type { QuotaExceeded, SessionRow } from "./session-row.ts";

/** What an access finds: the record, and its live context, if any. */
export interface Found {
  readonly now: number;
  readonly stored: StoredSession | undefined;
  readonly live: Live | null;
}

/** What a context begins with, besides its {@link Content}. */
export interface NewContext
  extends Pick<LiveSession, "client" | "idleTimeoutMs" | "shard" | "registrySize" | "region"> {
  readonly owner: Principal;
  /** Maximum age, regardless of use; 0 for no limit. */
  readonly maxAgeMs: number;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export type Content = Pick<LiveSession, "workingDirectory" | "project">;

/**
 * Keeps the stored record of one session, its alarm, and its row in the registry consistent, whatever fails in between.
 * Life of a context: absent → live → closing → absent; or closing → deleted, which an alarm of its own removes.
 *
 * Two rules make every interleaving correct. Read, decide and write without an await in between ({@link visit}), and read again
 * after an await. And a stored record always has an alarm, set before the registry is called.
 */
export class SessionLife {
  readonly #sessionId: string;
  readonly #record: SessionRecord;
  readonly #row: SessionRow;
  readonly #log: Logger;
  #failedAlarms = 0;
  #lastOpenedAt = 0;

  constructor(sessionId: string, record: SessionRecord, row: SessionRow, log: Logger) {
    this.#sessionId = sessionId;
    this.#record = record;
    this.#row = row;
    this.#log = log;
  }

  /** Calls `work` with what is stored, which is valid until `work` first awaits. If the record has lost its alarm, sets one first. */
  async visit<T>(work: (found: Found) => T | Promise<T>): Promise<T> {
    // An alarm that is overdue is late, or the platform has dropped it.
    if ((this.#record.alarm ?? Number.POSITIVE_INFINITY) <= Date.now()) this.#record.forgetAlarm();
    for (;;) {
      if (this.#record.alarm === undefined) await this.#record.load();
      else if (this.#record.alarm === null && this.#record.stored !== undefined) await this.#rearm();
      else return work(this.#look());
    }
  }

  #look(): Found {
    const now = Date.now();
    const { stored, alarm = null } = this.#record;
    const deadline = stored?.state === "live" ? deadlineOf(stored, alarm, now) : null;
    const live = stored?.state === "live" && deadline !== null ? { session: stored, deadline } : null;
    return { now, stored, live };
  }

  /**
   * Begins a context where {@link visit} found none, and registers it. If the registry is unavailable, the context works anyway, and
   * its alarm retries.
   * @param content Called in the transaction that stores the context: what it writes is stored together with the context.
   */
  async begin(
    { maxSessions, maxAgeMs, shard, ...context }: NewContext,
    content: () => Content,
  ): Promise<Result<Live, QuotaExceeded | SessionUnavailable>> {
    const foreign = this.#leftover();
    if (foreign !== null && foreign.owner !== context.owner) {
      // Another principal's context, with a row in that principal's shard: remove the row first.
      await this.close(foreign, "expired", null);
      if (this.#record.stored !== undefined) return fail({ kind: "session_unavailable", sessionId: this.#sessionId });
    }
    const own = this.#leftover();
    const now = Date.now();
    const deletedUntil = headerDeletedUntil(this.#record.stored, now);
    const aged = maxAgeMs > 0 && { endsAt: now + maxAgeMs };
    const { deadline, ...used } = usedAt(now, { ...context, ...aged });
    const registration = {
      deadline,
      tries: 0,
      ...(maxSessions > 0 && { maxSessions }),
      ...(own !== null && { previousEnd: endReasonOf(own) }),
    };
    const session: LiveSession = {
      version: 1,
      state: "live",
      ...context,
      ...aged,
      ...used,
      ...(deletedUntil !== null && { deletedUntil }),
      ...content(),
      setAt: now,
      // The previous context may still have a row: use the same shard and a later `openedAt`, so that this one replaces it.
      shard: own?.shard ?? shard,
      openedAt: this.#nextOpenedAt(now, own),
      registration,
    };
    const stored = this.#record.store(session, nextTryOf(registration, now));
    this.debug("session_begun", { path: session.workingDirectory });
    const refused = await this.#row.acknowledge(session, stored);
    return refused === null ? ok({ session, deadline }) : fail(refused);
  }

  /** An `openedAt` that no earlier context of this session had: calls about those may still be in flight. */
  #nextOpenedAt(now: number, own: LiveSession | ClosingSession | null): number {
    this.#lastOpenedAt = Math.max(now, this.#lastOpenedAt + 1, (own?.openedAt ?? 0) + 1);
    return this.#lastOpenedAt;
  }

  /** The record of a context that is over but not yet removed. */
  #leftover(): LiveSession | ClosingSession | null {
    const { stored } = this.#record;
    return stored?.state === "live" || stored?.state === "closing" ? stored : null;
  }

  /**
   * Moves the deadline of a live session, never backwards, and returns both. Writes only what has changed.
   * @param options.write Whether `session` differs from the stored record.
   */
  async touch(session: LiveSession, before: number, now: number, { write = false } = {}): Promise<Live> {
    const { deadline, ...used } = usedAt(now, session, before);
    const updated = { ...session, ...used };
    const live = { session: updated, deadline };
    const changed = write || used.idleUntil !== session.idleUntil;
    if (session.registration !== undefined) {
      if (changed || deadline !== before) {
        this.#record.put({ ...updated, registration: { ...session.registration, deadline } });
      }
      return live;
    }
    if (changed) this.#record.put(updated);
    // A read need not wait for this write: a crash would lose only the time since the previous access. A set waits.
    if (deadline !== before) await this.#record.setAlarm(deadline, { allowUnconfirmed: !write });
    return live;
  }

  /** Ends the context and removes its row. Leaves a tombstone if `deletedUntil` is set, or if the context already had one. */
  async close(session: LiveSession | ClosingSession, reason: EndReason, deletedUntil: number | null): Promise<void> {
    this.debug(`session_${reason}`);
    await this.#record.store(closingOf(session, reason, deletedUntil), Date.now() + registryRetryDelayMs(0));
    await this.#row.remove();
  }

  /** Stores a tombstone where there is no context to close. */
  markDeleted(owner: Principal, deletedUntil: number): Promise<void> {
    return this.#record.store(deletedOf(owner, deletedUntil), deletedUntil);
  }

  /** The deadline or a registry retry is due. Never throws: the platform drops an alarm that has failed six times. */
  async onAlarm(): Promise<void> {
    try {
      this.#record.forgetAlarm();
      while (this.#record.alarm === undefined) await this.#record.load();
      // Duplicate delivery: an access rescheduled the alarm. Wait for the new one.
      if (this.#record.alarm !== null && this.#record.alarm > Date.now()) return;
      await this.#advance();
      this.#failedAlarms = 0;
    } catch (error) {
      this.#log("error", "alarm_failed", { session: shortSessionId(this.#sessionId), error: String(error) });
      // The record may be unreadable (written by a newer version): then set the alarm without reading it.
      await this.#rearm().catch(() => this.#record.setAlarm(Date.now() + registryRetryDelayMs(this.#failedAlarms++)));
    }
  }

  async #advance(): Promise<void> {
    const { stored } = this.#record;
    if (stored?.state === "deleted" && stored.deletedUntil <= Date.now()) return this.#record.deleteAll();
    const rearmed = this.#rearm();
    const due = this.#record.stored;
    await rearmed;
    if (due?.state === "closing") await this.#row.remove();
    else if (due?.state === "live") await this.#row.register(due);
  }

  /**
   * Sets the next alarm of a record whose alarm has fired or was lost. A confirmed context without an alarm has expired: it is marked
   * as closing, because a new alarm would make it look live.
   */
  async #rearm(): Promise<void> {
    const { stored } = this.#record;
    const now = Date.now();
    if (stored === undefined) return;
    if (stored.state === "deleted") return this.#record.setAlarm(Math.max(stored.deletedUntil, now + 1));
    if (stored.state === "closing") {
      const tries = stored.tries + 1;
      return this.#record.store({ ...stored, tries }, now + registryRetryDelayMs(tries));
    }
    if (stored.registration === undefined || stored.registration.deadline <= now) {
      this.debug("session_expired");
      return this.#record.store(closingOf(stored, "expired", null), now + registryRetryDelayMs(0));
    }
    const registration = { ...stored.registration, tries: stored.registration.tries + 1 };
    return this.#record.store({ ...stored, registration }, nextTryOf(registration, now));
  }

  /** Logs at debug level, the only level that may contain full session IDs. */
  debug(event: string, fields: LogFields = {}): void {
    this.#log("debug", event, { session: this.#sessionId, ...fields });
  }
}
