import type { Principal } from "../model/principal.ts";
import { ANSWER_WAIT_MS, MAX_KEPT_ANSWERS } from "./limits.ts";

/**
 * What the client answers to a request that a running call has sent it. The answer comes with another HTTP request, maybe to
 * another place on earth; the session's object is where the two meet. In memory alone: a call that is running has a
 * client that waits, and asks again if this object restarts.
 */
export class Answers {
  readonly #waiting = new Map<string, (answer: string | null) => void>();
  /** The last few, also those taken: they may come before they are waited for, and be taken twice if a connection broke. */
  readonly #kept = new Map<string, string>();

  /** The answer to request `requestId`; null if none has come for `waitMs`, so that nobody waits for a call that is gone. */
  take(principal: Principal, requestId: string, waitMs = ANSWER_WAIT_MS): Promise<string | null> {
    const key = keyOf(principal, requestId);
    const kept = this.#kept.get(key);
    if (kept !== undefined) return Promise.resolve(kept);
    // Whoever has waited for the same answer before is gone: a request has one call that sent it.
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

/** Nobody answers in somebody else's name, also where the session has no context and so no owner. */
const keyOf = (principal: Principal, requestId: string): string => JSON.stringify([principal, requestId]);
