import type { FinishedCall } from "../mcp/call-record.ts";
import type { McpEvent } from "./mcp-event.ts";

/** How the tool calls of a request ended, where only the SDK's answer says so. */

const TOOL_NAME = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/;

type Call = { readonly id?: unknown; readonly method?: unknown; readonly params?: { readonly name?: unknown } };
type Answer = { readonly id?: unknown; readonly result?: { readonly isError?: unknown } };

/** As tools are named; anything else could be a path or a token that landed in the wrong place. */
export const toolLabel = (name: unknown): string => (typeof name === "string" && TOOL_NAME.test(name) ? name : "other");

/**
 * The calls in `body` as the SDK has answered them: `ok`, `tool_error`, `rejected` (by the SDK, before any tool), or
 * `streamed`, if the answer is a stream that is still under way.
 * @param answer The answer's JSON; undefined for a stream.
 * @param noted Whether calls that reached a tool are known already, and better.
 */
export function callsAnswered(body: unknown, answer: unknown, noted: boolean): FinishedCall[] {
  const calls = ([body].flat() as (Call | null)[]).filter((message) => message?.method === "tools/call");
  const answers = [answer].flat() as (Answer | null)[];
  return calls.flatMap((call) => {
    const outcome = answer === undefined ? "streamed" : outcomeOf(answers.find((one) => one?.id === call?.id));
    // A stream of several answers may hold a refusal of a tool that there is not.
    if (outcome === "streamed" && calls.length > 1) return [{ tool: "unknown", outcome }];
    return noted && outcome !== "rejected" ? [] : [{ tool: toolLabel(call?.params?.name), outcome }];
  });
}

function outcomeOf(answer: Answer | null | undefined): string {
  if (answer?.result === undefined) return "rejected";
  return answer.result.isError === true ? "tool_error" : "ok";
}

/** The calls of a request that is over. One that was turned away for its session has no other outcome than that. */
export function callsOf({ finished = [], refusal, method, tool }: McpEvent): readonly FinishedCall[] {
  if (refusal === undefined) return finished;
  const called = method === "tools/call" && tool !== undefined ? [{ tool }] : [];
  return (finished.length > 0 ? finished : called).map(({ tool }) => ({ tool, outcome: refusal }));
}
