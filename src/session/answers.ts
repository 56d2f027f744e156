import type { Principal } from "../model/principal.ts";
import { ANSWER_WAIT_MS, MAX_KEPT_ANSWERS } from "./limits.ts";

/**
 * The client's answers to requests that running calls have sent it. An answer arrives with another HTTP request, perhaps in another
 * region, so the session's object hands it over. Kept in memory only: a running call asks again if this object restarts.
 */
export class Answers {
  readonly #waiting = new Map<string, (answer: string | null) => void>();
  /** The most recent answers, including taken ones: an answer may arrive before its call asks, or be taken again after a broken connection. */
  readonly #kept = new Map<string, string>();

  /** The answer to request `requestId`; null if none arrives within `waitMs`, so that this object does not wait for a call that has ended. */
  take(principal: Principal, requestId: string, waitMs = ANSWER_WAIT_MS): Promise<string | null> {
    const key = keyOf(principal, requestId);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    // Each request was sent by one call, so an earlier wait for the same answer is from a broken connection.
    this.#waiting.get(key)?.(null);
    return new Promise((resolve) => {
      const settle = (answer: string | null) => {
        clearTimeout(timer);
        if (this.#waiting.get(key) === settle) this.#waiting.delete(key);
        resolve(answer);
      };
      const timer = setTimeout(() => settle(null), waitMs);
      this.#waiting.set(key, settle);
    });
  }

  give(principal: Principal, requestId: string, answer: string): void {
    const key = keyOf(principal, requestId);
    this.#kept.set(key, answer);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MAX_KEPT_ANSWERS && oldest !== undefined) this.#kept.delete(oldest);
    this.#waiting.get(key)?.(answer);
  }
}

/** The key includes the principal: a session without a context has no owner, and nobody may answer for another principal. */
const keyOf = (principal: Principal, requestId: string): string => JSON.stringify([principal, requestId]);
