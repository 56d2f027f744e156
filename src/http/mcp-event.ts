import type { INTERNAL_ERROR } from "../mcp/call-record.ts";
import type { Era } from "../mcp/caller.ts";
import type { TraceContext } from "./trace-context.ts";

/** One message of a request, and how it ended. */
export interface MessageEvent {
  readonly id: unknown;
  readonly method: string | undefined;
  readonly tool: string | undefined;
  /** The trace that it says it belongs to. */
  readonly trace: TraceContext | null;
  /** Undefined until it has been answered by itself. */
  outcome?: MessageOutcome;
  /** The kind of the failure, where this server knows it. */
  failure?: string;
}

/**
 * `streamed`: the answer is a stream that is still under way; `rejected`: answered with a JSON-RPC error; `tool_error`: a tool
 * ran, or its arguments did not fit, and the result is an error; `internal_error`: a bug, or an object that threw.
 */
export type MessageOutcome = "ok" | "streamed" | "rejected" | "tool_error" | typeof INTERNAL_ERROR;

/** What the route has learnt about a request, for its log line. */
export interface McpEvent {
  era?: Era;
  /** Who calls, as {@link principalHash} shows them. */
  principal?: string;
  /** What the client calls itself, as {@link clientLabel} shows it. */
  client?: string | undefined;
  sessionId?: string | null;
  /** The messages of the body, one or a batch; absent while it has not been read, and for a batch that is too large. */
  messages?: readonly MessageEvent[];
  /** How many messages a batch has. */
  batchSize?: number;
  /** Why the request as a whole was turned away; what its messages came to does not count then. */
  failure?: string;
  /** What an operator has done to the session, and whether there was anything to do it to. */
  action?: { readonly name: "end_session"; readonly ended: boolean };
}
