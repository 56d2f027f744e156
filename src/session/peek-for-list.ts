import { within } from "../base/time-limit.ts";
import type { Result } from "../model/failure.ts";
import { LIST_PEEK_TIMEOUT_MS } from "./limits.ts";
import type { SessionContext } from "./session-context.ts";
import type { Refusal } from "./session-requests.ts";

/**
 * Peeks at one session for a listing: its context, null if it is no longer an active session of the caller, or `unanswered`. A slow
 * or broken session must not fail the whole page. An error that its object throws is still logged, by the platform.
 */
export async function peekForList(
  peek: () => Promise<Result<SessionContext | null, Refusal>>,
): Promise<SessionContext | null | "unanswered"> {
  try {
    const peeked = await within(LIST_PEEK_TIMEOUT_MS, peek());
    if (peeked.ok) return peeked.value;
    // For a moment, the row of a session that was deleted or has a new owner still exists.
    return peeked.failure.kind === "session_unavailable" ? "unanswered" : null;
  } catch {
    return "unanswered";
  }
}
