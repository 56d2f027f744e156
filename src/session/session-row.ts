import { type Logger, shortSessionId } from "../base/log.ts";
import type { Failure } from "../model/failure.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import {
  type ClosingSession,
  deletedOf,
  endReasonOf,
  headerDeletedUntil,
  type LiveSession,
  type PendingRegistration,
} from "./session-context.ts";
import type { SessionRecord } from "./session-record.ts";

export type QuotaExceeded = Extract<Failure, { kind: "quota_exceeded" }>;

/** An attempt to register a context. `forCaller`: a caller waits for it and will be told that the context exists. */
interface Registering {
  openedAt: number;
  forCaller: boolean;
  refusal: Promise<QuotaExceeded | null>;
}

/**
 * The session's row in the registry. The caller has already set the alarm that retries, so an unavailable registry or a crash only
 * delays the row. After each call to the registry the record is read again.
 */
export class SessionRow {
  readonly #sessionId: string;
  readonly #record: SessionRecord;
  readonly #registry: RegistryClient;
  readonly #log: Logger;
  readonly #clear: () => void;
  /** The registration in progress; later callers join it. */
  #registering: Registering | null = null;

  /** @param clear Deletes the session's state and its own catalog. */
  constructor(sessionId: string, record: SessionRecord, registry: RegistryClient, log: Logger, clear: () => void) {
    this.#sessionId = sessionId;
    this.#record = record;
    this.#registry = registry;
    this.#log = log;
    this.#clear = clear;
  }

  /**
   * Registers the context for a caller who is about to be told that a write succeeded, so that the quota cannot refuse the context
   * afterwards. Returns the failure if the quota refuses it now; the context is deleted then.
   * @param stored The write of the record, which must finish first.
   */
  async acknowledge(session: LiveSession, stored?: Promise<void>): Promise<QuotaExceeded | null> {
    const registering = this.#join(session.openedAt, stored);
    registering.forCaller = true;
    return registering.refusal;
  }

  /**
   * Tries to register the context. If the registry is unavailable, the alarm retries. If the quota refuses the context, deletes it.
   */
  async register(session: LiveSession): Promise<void> {
    await this.#join(session.openedAt).refusal;
  }

  #join(openedAt: number, stored: Promise<void> = Promise.resolve()): Registering {
    if (this.#registering?.openedAt === openedAt) return this.#registering;
    const registering: Registering = { openedAt, forCaller: false, refusal: Promise.resolve(null) };
    this.#registering = registering;
    registering.refusal = stored.then(() => this.#tryToRegister(registering)).finally(() => this.#over(registering));
    return registering;
  }

  #over(registering: Registering): void {
    if (this.#registering === registering) this.#registering = null;
  }

  async #tryToRegister(registering: Registering): Promise<QuotaExceeded | null> {
    const asked = this.#unregistered(registering.openedAt);
    if (asked === null) return null;
    const { openedAt, shard, owner: principal, client, region = null, registrySize, registration } = asked;
    const { previousEnd = "expired", maxSessions = 0 } = registration;
    const request = { sessionId: this.#sessionId, openedAt, principal, client, previousEnd, region };
    const answer = await this.#registry.register(shard, request, maxSessions, registrySize);
    const session = this.#unregistered(openedAt);
    // The decision is made below without an await, so nobody may join any more.
    this.#over(registering);
    // Ended or replaced by a new context meanwhile: its own end or registration takes care of the row.
    if (session === null) return null;
    if (!answer.ok) {
      const { tries } = registration;
      this.#log("warn", "registration_failed", { session: shortSessionId(this.#sessionId), shard, tries });
      // The caller is about to be told that the context exists: from now on the quota must not refuse it.
      if (registering.forCaller) this.#acknowledged(session);
    } else if (answer.value.outcome === "registered") {
      // Marks the row as confirmed. Answers need not wait for this write: if a crash loses it, the next attempt finds the row.
      await this.#record.setAlarm(session.registration.deadline, { allowUnconfirmed: true });
    } else if (answer.value.outcome === "removed") {
      // An earlier context of this session began in the same millisecond and has ended, so the shard takes this for a stale call.
      registering.openedAt = openedAt + 1;
      this.#record.put({ ...session, openedAt: registering.openedAt });
      this.#registering ??= registering;
      return this.#tryToRegister(registering);
    } else {
      await this.#deleteContext(session);
      return { kind: "quota_exceeded", limit: maxSessions, oldest: answer.value.oldest };
    }
    return null;
  }

  #acknowledged(session: LiveSession & { readonly registration: PendingRegistration }): void {
    const { maxSessions, ...registration } = session.registration;
    if (maxSessions !== undefined) this.#record.put({ ...session, registration });
  }

  /** The context that began at `openedAt`, if it is still live and its row is not yet confirmed. */
  #unregistered(openedAt: number) {
    const { stored } = this.#record;
    if (stored?.state !== "live" || stored.openedAt !== openedAt || stored.registration === undefined) return null;
    return { ...stored, registration: stored.registration };
  }

  /** Removes the row of a closing context, then its record. If the registry is unavailable, the alarm retries. */
  async remove(): Promise<void> {
    const before = this.#record.stored;
    if (before?.state !== "closing") return;
    const { openedAt, shard } = before;
    const entry = { sessionId: this.#sessionId, openedAt };
    const answer = await this.#registry.unregister(shard, entry, endReasonOf(before));
    const session = this.#record.stored;
    // A concurrent set began a new context: it wins, and its row is newer than the removed one.
    if (session?.state !== "closing" || session.openedAt !== openedAt) return;
    if (!answer.ok) {
      this.#log("warn", "unregistration_failed", { session: shortSessionId(this.#sessionId), shard });
    } else {
      // No await since the check above, so this deletes nothing newer.
      await this.#deleteContext(session);
    }
  }

  /** Deletes everything of a context that has no row, except a tombstone that has not expired. */
  #deleteContext(session: LiveSession | ClosingSession): Promise<void> {
    const deletedUntil = headerDeletedUntil(session, Date.now());
    if (deletedUntil === null) return this.#record.deleteAll();
    this.#clear();
    return this.#record.store(deletedOf(session.owner, deletedUntil), deletedUntil);
  }
}
