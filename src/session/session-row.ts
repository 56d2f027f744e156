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

/** A try to register a context, and whether a caller waits for it who will be told that the context is there. */
interface Registering {
  openedAt: number;
  forCaller: boolean;
  refusal: Promise<QuotaExceeded | null>;
}

/**
 * The session's row in the registry. Whoever calls has set the alarm that tries again, so a registry that does not answer, or a
 * crash while it is asked, costs nothing but time. After the registry's answer the record is read anew.
 */
export class SessionRow {
  readonly #sessionId: string;
  readonly #record: SessionRecord;
  readonly #registry: RegistryClient;
  readonly #log: Logger;
  readonly #clear: () => void;
  /** The registration under way, which whoever comes meanwhile joins. */
  #registering: Registering | null = null;

  /** @param clear Deletes what the session keeps besides its record. */
  constructor(sessionId: string, record: SessionRecord, registry: RegistryClient, log: Logger, clear: () => void) {
    this.#sessionId = sessionId;
    this.#record = record;
    this.#registry = registry;
    this.#log = log;
    this.#clear = clear;
  }

  /**
   * Registers the context on behalf of a caller who is about to hear that something was written to it, so that no quota can take it
   * away afterwards. Returns the failure if one has: then the context is gone.
   * @param stored The write that comes first.
   */
  async acknowledge(session: LiveSession, stored?: Promise<void>): Promise<QuotaExceeded | null> {
    const registering = this.#join(session.openedAt, stored);
    registering.forCaller = true;
    return registering.refusal;
  }

  /**
   * Tries to register the context; if the registry cannot be reached, the alarm, which is set already, tries again. A context that
   * the principal's quota refuses is gone.
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
    // Nobody joins what is decided here and now.
    this.#over(registering);
    // Ended, or begun anew, while the registry was at work: that has its own way on.
    if (session === null) return null;
    if (!answer.ok) {
      const { tries } = registration;
      this.#log("warn", "registration_failed", { session: shortSessionId(this.#sessionId), shard, tries });
      // Its caller is about to hear that it works: no quota may take it away from here on.
      if (registering.forCaller) this.#acknowledged(session);
    } else if (answer.value.outcome === "registered") {
      // Says that the row is confirmed. Nobody has to wait for it: lost in a crash, the next try finds the row that is there.
      await this.#record.setAlarm(session.registration.deadline, { allowUnconfirmed: true });
    } else if (answer.value.outcome === "removed") {
      // A context that began in this same millisecond is over: the shard takes this one for a late call about that one.
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

  /** The context that began at `openedAt`, if it is still live and its row not confirmed. */
  #unregistered(openedAt: number) {
    const { stored } = this.#record;
    if (stored?.state !== "live" || stored.openedAt !== openedAt || stored.registration === undefined) return null;
    return { ...stored, registration: stored.registration };
  }

  /** Removes the row of a context that is closing, and then what is left of it. If the registry cannot be reached, the alarm tries again. */
  async remove(): Promise<void> {
    const before = this.#record.stored;
    if (before?.state !== "closing") return;
    const { openedAt, shard } = before;
    const entry = { sessionId: this.#sessionId, openedAt };
    const answer = await this.#registry.unregister(shard, entry, endReasonOf(before));
    const session = this.#record.stored;
    // A set came in between: it wins, and its row is newer than the one that was removed.
    if (session?.state !== "closing" || session.openedAt !== openedAt) return;
    if (!answer.ok) {
      this.#log("warn", "unregistration_failed", { session: shortSessionId(this.#sessionId), shard });
    } else {
      // No await between the check above and this: nothing that came meanwhile is deleted with it.
      await this.#deleteContext(session);
    }
  }

  /** Leaves nothing of a context that has no row, or a tombstone that still lasts. */
  #deleteContext(session: LiveSession | ClosingSession): Promise<void> {
    const deletedUntil = headerDeletedUntil(session, Date.now());
    if (deletedUntil === null) return this.#record.deleteAll();
    this.#clear();
    return this.#record.store(deletedOf(session.owner, deletedUntil), deletedUntil);
  }
}
