import { isShared, type Principal } from "../model/principal.ts";
import { REFUSAL_STEP_MS } from "./limits.ts";

/** Waits until a failure may be told, if it must not be told at once. */
export type HoldRefusal = (failure: { readonly kind: string } | null) => Promise<void>;

/**
 * How long an unknown session's refusal still has to wait, in milliseconds, so that it comes a whole number of steps after
 * the request did, and never at once. A made-up id is refused without asking anybody and somebody else's by its object:
 * without this the time would tell which it was.
 * @param elapsedMs Since the request arrived.
 */
export function refusalWaitMs(elapsedMs: number): number {
  // A clock that was set back must not make anybody wait for longer than a step.
  const elapsed = Math.max(0, elapsedMs);
  return Math.max(1, Math.ceil(elapsed / REFUSAL_STEP_MS)) * REFUSAL_STEP_MS - elapsed;
}

/**
 * Holds back what tells a caller that a session is unknown. Waiting costs a Worker no time on the processor. Callers without
 * an identity of their own wait for nothing: what they know the id of is theirs to use, so there is nothing to hide.
 * @param arrivedAt When the request arrived. Not later: the clock stands still between waits for objects.
 */
export const holdRefusals =
  (principal: Principal, arrivedAt: number): HoldRefusal =>
  async (failure) => {
    if (failure?.kind !== "session_unknown" || isShared(principal)) return;
    await scheduler.wait(refusalWaitMs(Date.now() - arrivedAt));
  };
