import { LIST_PEEK_TIMEOUT_MS } from "../constants.ts";
import type { Result } from "../failure.ts";
import { within } from "../time-limit.ts";
import type { SessionContext } from "./session-context.ts";

/**
 * What a listing learns from peeking at one session: its context, null if it is not an active session of the caller any more, or
 * `unanswered`. A session that is slow or broken must not fail the page of the others. An error that it throws is not lost: the
 * platform logs it with the object's invocation.
 */
export async function peekForList(
  peek: () => Promise<Result<SessionContext | null>>,
): Promise<SessionContext | null | "unanswered"> {
  try {
    const peeked = await within(LIST_PEEK_TIMEOUT_MS, peek());
    if (peeked.ok) return peeked.value;
    // A row outlives a session that was deleted or got another owner by a moment.
    return peeked.failure.kind === "session_unavailable" ? "unanswered" : null;
  } catch {
    return "unanswered";
  }
}
