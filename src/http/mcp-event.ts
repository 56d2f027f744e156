import type { FinishedCall } from "../mcp/call-record.ts";
import type { Era } from "../mcp/caller.ts";
import type { TraceContext } from "./trace-context.ts";

/** What the route has learnt about a request, for its log line. */
export interface McpEvent {
  era?: Era;
  method?: string;
  tool?: string;
  sessionId?: string | null;
  /** `tool_error` if a tool has answered with an error; the status is 200 then. */
  outcome?: string;
  /** The calls of tools, as far as they have come to an end. */
  finished?: readonly FinishedCall[];
  /** The kind of failure for which the request was not let in. */
  failure?: string;
  /** Why the request was turned away for the session of its header. */
  refusal?: string;
  /** The trace that the message says it belongs to. */
  trace?: TraceContext | null;
}
