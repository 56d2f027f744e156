import type { Era } from "../../call/caller.ts";
import type { INTERNAL_ERROR } from "../../call/session-call.ts";
import type { TraceContext } from "./trace-context.ts";

/** A message of a request and its outcome, for the log. */
export interface MessageEvent {
  readonly id: unknown;
  readonly method: string | undefined;
  readonly tool: string | undefined;
  /** The trace from its `_meta.traceparent`; null if absent or invalid. */
  readonly trace: TraceContext | null;
  /** Undefined until the message itself has been answered. */
  outcome?: MessageOutcome;
  /** The failure kind, if known. */
  failure?: string;
}

/**
 * `streamed`: the answer is a stream that has not ended; `rejected`: answered with a JSON-RPC error; `tool_error`: the
 * result has `isError`, because the tool failed or its arguments were invalid; `internal_error`: a bug, or a Durable
 * Object threw.
 */
export type MessageOutcome = "ok" | "streamed" | "rejected" | "tool_error" | typeof INTERNAL_ERROR;

/** What is known about a request, for its log line. */
export interface McpEvent {
  era?: Era;
  /** The caller's principal, hashed by {@link principalHash}. */
  principal?: string;
  /** The client's name and version, as `client-label.ts` formats them. */
  client?: string | undefined;
  sessionId?: string | null;
  /** The messages in the body. Absent until they have been read and classified, and for a batch that is too large. */
  messages?: readonly MessageEvent[];
  /** Number of messages, if the body is a batch. */
  batchSize?: number;
  /** Why the whole request was rejected. Overrides the outcomes of its messages. */
  failure?: string;
  /** The operator's action on the session, and whether there was a context to end. */
  action?: { readonly name: "end_session"; readonly ended: boolean };
}

const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

/** The name if it has the form of a tool name, else `other`: it could be a path or a token sent in the wrong field. */
export const toolLabel = (name: unknown): string => (typeof name === "string" && TOOL_NAME.test(name) ? name : "other");

/** The tool calls of a finished request, each with its outcome: `ok`, or why it failed. */
export function callsOf({ messages = [], failure }: McpEvent): { tool: string; outcome: string }[] {
  return messages.flatMap(({ method, tool = "unknown", outcome, failure: own }) => {
    const ended = failure ?? own ?? outcome;
    return method !== "tools/call" || ended === undefined ? [] : [{ tool, outcome: ended }];
  });
}
