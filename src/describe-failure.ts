import type { CallToolResult } from "@modelcontextprotocol/server";
import type { ToolFailure } from "./mcp/tool-failure.ts";
import { describe, errorResult } from "./mcp/tool-result.ts";
import { quote } from "./quote.ts";
import type { ServiceFailure } from "./rpc/session-context-service.ts";

/**
 * A failure in words, for a model or a log: what was wrong, the value, what to do. Names no tool, since those are the
 * server author's own.
 * @example
 * ```ts
 * import { describeFailure, type SessionContextService } from "mcp-session-context";
 *
 * async function directoryOf(context: SessionContextService, id: string): Promise<string | null> {
 *   const got = await context.getWorkingDirectory(id);
 *   if (!got.ok) throw new Error(describeFailure(got.failure));
 *   return got.value;
 * }
 * ```
 */
export function describeFailure(failure: ToolFailure | ServiceFailure): string {
  switch (failure.kind) {
    case "session_unknown":
      return `session_id ${quote(failure.sessionId)} is not a session of this server. Copy it exactly as an earlier result gave it, or leave it out to open a new session`;
    case "session_deleted":
      return `Session ${quote(failure.sessionId)} was ended for good by its client. Leave session_id out to open a new session`;
    case "no_context":
      return failure.sessionId === null
        ? "This needs a session, and the call names none. Pass the session_id of an earlier result"
        : `Session ${quote(failure.sessionId)} has nothing kept: nothing was set, it was ended, or it expired`;
    case "quota_exceeded": {
      const oldest = failure.oldest.map(({ sessionId }) => sessionId).join(" or ");
      return `You have ${failure.limit} active sessions, as many as you may have. Nothing was set. End one that is no longer needed, for example ${oldest}`;
    }
    case "anonymous_refused":
      return "This call came without a token, so nobody can tell which sessions are yours";
    case "cursor_invalid":
      return `cursor ${quote(failure.cursor)} was not given by an earlier result. Leave it out to begin anew`;
    case "rate_limited":
      return `Too many calls stored something in a short time. Nothing was changed. Try again in ${failure.retryAfterSeconds} seconds`;
    case "outcome_unknown":
      return `Session ${quote(failure.sessionId)} was interrupted during this call, and it is not known whether the change was made. Read what is there before you try again`;
    case "service_unnamed":
      return 'The service binding names no service. Add props = { service = "NAME" } to it in wrangler.toml';
    case "session_id_invalid":
      return `Session id ${quote(failure.sessionId)} must be text of 1 to 512 bytes of UTF-8`;
    default:
      return describe(failure);
  }
}

/**
 * The failure as the result of a tool call.
 * @example
 * ```ts
 * import { failureResult, type ServerSession } from "mcp-session-context";
 *
 * async function forget(session: ServerSession, session_id?: string) {
 *   const ended = await session.end(session_id);
 *   if (!ended.ok) return failureResult(ended.failure);
 *   return { content: [], structuredContent: { forgotten: ended.value.ended } };
 * }
 * ```
 */
export const failureResult = (failure: ToolFailure | ServiceFailure): CallToolResult =>
  errorResult(describeFailure(failure));
