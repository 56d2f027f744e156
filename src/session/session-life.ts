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

/** What an access finds: the record, and the live context in it, if there is one. */
export interface Found {
  readonly now: number;
  readonly stored: StoredSession | undefined;
  readonly live: Live | null;
}

/** What a context begins with, beside its {@link Content}. */
export interface NewContext
  extends Pick<LiveSession, "client" | "idleTimeoutMs" | "shard" | "registrySize" | "region"> {
  readonly owner: Principal;
  /** How long it may live however much it is used; 0 for no limit. */
  readonly maxAgeMs: number;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export type Content = Pick<LiveSession, "workingDirectory" | "project">;

/**
 * The stored record of one session, its alarm, and its row in the registry, kept in step whatever fails in between.
 * Life of a context: absent → live → closing → absent; or closing → deleted, which its own alarm removes.
 *
 * Two rules make every interleaving come right. Reading, deciding and writing happen without an await between them ({@link visit});
 * after an await everything is read anew. And while there is a record there is an alarm: it is set before the registry is called.
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

  /** Calls `work` with what is stored, which holds until `work` first awaits. A record whose alarm was lost is given one first. */
  async visit<T>(work: (found: Found) => T | Promise<T>): Promise<T> {
    // Its time has passed: it is late, or the platform has given it up.
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
   * Begins a context where {@link visit} found none, and registers it. One whose registration fails works all the same: its
   * alarm tries again.
   * @param content Called at the moment of beginning; what it writes to the storage is kept if and only if the context is.
   */
  async begin(
    { maxSessions, maxAgeMs, shard, ...context }: NewContext,
    content: () => Content,
  ): Promise<Result<Live, QuotaExceeded | SessionUnavailable>> {
    const foreign = this.#leftover();
    if (foreign !== null && foreign.owner !== context.owner) {
      // Its row belongs to somebody else and stands in their shard: it must be gone first.
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
      // A row of the context before may still stand: stay in its shard, and be newer than it.
      shard: own?.shard ?? shard,
      openedAt: this.#nextOpenedAt(now, own),
      registration,
    };
    const stored = this.#record.store(session, nextTryOf(registration, now));
    this.debug("session_begun", { path: session.workingDirectory });
    const refused = await this.#row.acknowledge(session, stored);
    return refused === null ? ok({ session, deadline }) : fail(refused);
  }

  /** Tells this context from every other of the session: answers about those before may still be on their way. */
  #nextOpenedAt(now: number, own: LiveSession | ClosingSession | null): number {
    this.#lastOpenedAt = Math.max(now, this.#lastOpenedAt + 1, (own?.openedAt ?? 0) + 1);
    return this.#lastOpenedAt;
  }

  /** What is left of a context that is over. */
  #leftover(): LiveSession | ClosingSession | null {
    const { stored } = this.#record;
    return stored?.state === "live" || stored?.state === "closing" ? stored : null;
  }

  /**
   * Moves the deadline of a live session, never backwards, and returns the session with it. Writes nothing if nothing changes, and
   * the record only if it changes or `write` says that it has.
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
    // Losing the move of a read on a crash costs at most the time since the access before; a set waits for its write.
    if (deadline !== before) await this.#record.setAlarm(deadline, { allowUnconfirmed: !write });
    return live;
  }

  /** Ends the context at once and removes its row; `deletedUntil` leaves a tombstone. One that it began over stays. */
  async close(session: LiveSession | ClosingSession, reason: EndReason, deletedUntil: number | null): Promise<void> {
    this.debug(`session_${reason}`);
    await this.#record.store(closingOf(session, reason, deletedUntil), Date.now() + registryRetryDelayMs(0));
    await this.#row.remove();
  }

  /** Leaves a tombstone where no context has to be closed first. */
  markDeleted(owner: Principal, deletedUntil: number): Promise<void> {
    return this.#record.store(deletedOf(owner, deletedUntil), deletedUntil);
  }

  /** The deadline has come, or another try to reach the registry is due. Never throws: six times, and the platform forgets the alarm. */
  async onAlarm(): Promise<void> {
    try {
      this.#record.forgetAlarm();
      while (this.#record.alarm === undefined) await this.#record.load();
      // Delivered twice, and moved since the first time: the new one comes in its own time.
      if (this.#record.alarm !== null && this.#record.alarm > Date.now()) return;
      await this.#advance();
      this.#failedAlarms = 0;
    } catch (error) {
      this.#log("error", "alarm_failed", { session: shortSessionId(this.#sessionId), error: String(error) });
      // What could not be read may be unreadable (a newer version's record): then the alarm is set without reading.
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
   * Gives a record whose alarm has fired, or was lost, its next one. A context whose own alarm is gone has expired and is marked
   * so: with a new alarm it would look alive.
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

  /** A line at debug, where the full session id may stand. */
  debug(event: string, fields: LogFields = {}): void {
    this.#log("debug", event, { session: this.#sessionId, ...fields });
  }
}
