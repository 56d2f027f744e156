import { INTERNAL_ERROR } from "../../call/session-call.ts";
import { requestIdOf } from "../edge/json-rpc.ts";
import type { McpEvent } from "../edge/mcp-event.ts";
import type { Answer, Served } from "./answer.ts";
import { gather } from "./batch-answer.ts";
import { type Classified, SESSION_HEADER } from "./classify.ts";
import { replyRefusal, WRITES } from "./refusal.ts";

/**
 * Builds the response to the messages of a request. Only this function turns their outcomes into status, headers, body
 * and log fields.
 * @param mint Creates the session that a client has requested with `initialize`.
 */
export async function reply(
  { isBatch }: Classified,
  served: readonly Served[],
  event: McpEvent,
  mint: () => string,
): Promise<Response> {
  const [first] = served as [Served];
  event.sessionId = served.at(-1)?.call.target.sessionId ?? null;
  for (const one of served) note(one);
  const id = isBatch ? null : requestIdOf(first.message.body);
  const refused = served.find(({ refusal }) => refusal !== null)?.refusal;
  if (refused) return discard(served, replyRefusal({ kind: "session", failure: refused }, id, event));
  if (isBatch) return gather(served);
  const { message, call, answer } = first;
  // Replaces the equivalent tool error, which proxies would take for a success. A batch keeps its answers.
  if (call.rateLimited) return discard(served, replyRefusal({ kind: "rate_limited", what: WRITES }, id, event));
  if (answer === null) return new Response(null, { status: 202 });
  if (!message.initializes || message.era !== "legacy" || answer.outcome !== "ok") return responseOf(answer);
  const sessionId = mint();
  event.sessionId = sessionId;
  const headers = new Headers(answer.headers);
  headers.set(SESSION_HEADER, sessionId);
  return responseOf({ ...answer, headers });
}

const responseOf = ({ status, headers, body }: Answer): Response => new Response(body, { status, headers });

/** Cancels the streams of answers that are not sent. */
async function discard(served: readonly Served[], response: Response): Promise<Response> {
  for (const { answer } of served) if (answer?.body instanceof ReadableStream) await answer.body.cancel();
  return response;
}

/** Records how a message ended: as reported by the tool if it is one of ours, else according to the answer. */
function note({ message: { event }, call, answer }: Served): void {
  const outcome = answer?.outcome ?? "ok";
  if (call.outcome !== null && call.outcome !== "ok") {
    event.outcome = call.outcome === INTERNAL_ERROR ? INTERNAL_ERROR : "tool_error";
    event.failure = call.outcome;
  } else if (call.outcome === "ok" && outcome === "streamed") event.outcome = "ok";
  else event.outcome = call.target.threw && outcome === "tool_error" ? INTERNAL_ERROR : outcome;
}
