import { type CallRecord, INTERNAL_ERROR } from "../mcp/call-record.ts";
import type { McpEvent, MessageEvent, MessageOutcome } from "./mcp-event.ts";

/** How the messages of a request ended. */

const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;
/** The code with which the SDK answers where a server's handler threw. */
const INTERNAL_ERROR_CODE = -32603;

interface Answer {
  readonly id?: unknown;
  readonly result?: { readonly isError?: unknown };
  readonly error?: { readonly code?: unknown };
}

/** As tools are named; anything else could be a path or a token that landed in the wrong place. */
export const toolLabel = (name: unknown): string => (typeof name === "string" && TOOL_NAME.test(name) ? name : "other");

/**
 * Notes how each message ended.
 * @param record What is known of this server's own tools, and whether an object threw.
 * @param answers What was answered; null for a stream that is still under way.
 */
export function noteAnswers(
  messages: readonly MessageEvent[],
  { finished, threw }: CallRecord,
  answers: readonly (Answer | null)[] | null,
): void {
  for (const message of messages) {
    const known = finished.get(message.id as string);
    if (known === undefined || known === "ok") {
      const outcome = outcomeOf(message, answers);
      if (known === "ok" && outcome === "streamed") message.outcome = "ok";
      else message.outcome = threw && outcome === "tool_error" ? INTERNAL_ERROR : outcome;
    } else {
      message.outcome = known === INTERNAL_ERROR ? INTERNAL_ERROR : "tool_error";
      message.failure = known;
    }
  }
}

function outcomeOf({ id, method }: MessageEvent, answers: readonly (Answer | null)[] | null): MessageOutcome {
  // Notifications, and answers to what the server has asked, are not answered.
  if (method === undefined || method.startsWith("notifications/")) return "ok";
  if (answers === null) return "streamed";
  const answer = answers.find((one) => one?.id === id);
  if (answer?.result !== undefined) return answer.result.isError === true ? "tool_error" : "ok";
  return answer?.error?.code === INTERNAL_ERROR_CODE ? INTERNAL_ERROR : "rejected";
}

/** The tool calls of a request that is over, each with `ok` or why not. */
export function callsOf({ messages = [], failure }: McpEvent): { tool: string; outcome: string }[] {
  const calls = messages.filter(({ method }) => method === "tools/call");
  return calls.flatMap((call) => {
    const outcome = failure ?? call.failure ?? call.outcome;
    if (outcome === undefined) return [];
    // A stream of several answers may hold a refusal of a tool that there is not.
    const isKnown = call.tool !== undefined && !(outcome === "streamed" && calls.length > 1);
    return [{ tool: isKnown ? call.tool : "unknown", outcome }];
  });
}
