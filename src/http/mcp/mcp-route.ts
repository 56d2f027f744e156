import { internalError } from "../../author/internal-error.ts";
import type { ServerFactory } from "../../author/server-factory.ts";
import type { SessionTool } from "../../author/session-tool.ts";
import type { Logger } from "../../base/log.ts";
import { SessionCall } from "../../call/session-call.ts";
import type { NamedSession } from "../../call/target-session.ts";
import { acceptedBy } from "../edge/accept.ts";
import type { Answerer, Served, Taken } from "./answer.ts";
import { asEventStream } from "./as-event-stream.ts";
import { classify, type Message, SESSION_HEADER, VERSION_HEADER } from "./classify.ts";
import { deleteSession } from "./delete-session.ts";
import { HttpCaller } from "./http-caller.ts";
import { KnownAnswerer } from "./known-answerer.ts";
import { withPlainHeaders } from "./plain-headers.ts";
import { PostedAnswerer } from "./posted-answerer.ts";
import { readMessages } from "./read.ts";
import { type HttpRefusal, replyRefusal } from "./refusal.ts";
import { reply } from "./reply.ts";
import type { McpRequestContext } from "./request-context.ts";
import { SdkAnswerer } from "./sdk-answerer.ts";
import { ToolAnswerer } from "./tool-answerer.ts";

export interface McpRouteOptions {
  readonly buildServer: ServerFactory;
  /** Whether its tools send anything before their result. */
  readonly streaming: boolean;
  /** The server's tools as data and its `serverInfo`. Set only if its factory ignores the caller. */
  readonly data?: { readonly tools: readonly SessionTool[]; readonly serverInfo: Record<string, unknown> } | undefined;
  readonly log: Logger;
}

const FIRST_MODERN_VERSION = "2026-07-28";
const BATCH = "messages: each one of a batch counts as a request. Nothing was done";

/** Serves the MCP endpoint. Every message takes the same steps: read, classify, find the session, answer, reply. */
export function createMcpRoute({ buildServer, streaming, data, log }: McpRouteOptions) {
  const sdk = new SdkAnswerer({ buildServer, streaming, log });
  const answerers: readonly Answerer[] = [
    ...(data ? [new ToolAnswerer(data.tools, data.serverInfo, log), new KnownAnswerer()] : []),
    ...(streaming ? [new PostedAnswerer()] : []),
  ];

  return async (received: Request, context: McpRequestContext): Promise<Response> => {
    const { stores, event } = context;
    const accepted = acceptedBy(received.headers.get("accept"));
    const request = withPlainHeaders(received);
    const refuse = (refusal: HttpRefusal) => replyRefusal(refusal, null, event);
    if (request.method === "DELETE" && (request.headers.get(VERSION_HEADER) ?? "") < FIRST_MODERN_VERSION) {
      event.era = "legacy";
      const refusal = await deleteSession(request.headers.get(SESSION_HEADER), context);
      return refusal === null ? new Response(null, { status: 204 }) : refuse(refusal);
    }
    const read = await readMessages(request, accepted);
    if (!read.ok) return refuse(read.failure);
    const classified = await classify(request, read.value, accepted);
    if (Array.isArray(read.value)) event.batchSize = read.value.length;
    if (!classified.ok) return refuse(classified.failure);
    const { era, messages, header: named, client = event.client } = classified.value;
    Object.assign(event, { era, client, messages: messages.map((message) => message.event) });
    if (!(await chargeRest(messages, context))) return refuse({ kind: "rate_limited", what: BATCH });
    const header = named === null ? null : stores.sessions.parse(named, true);
    const served = await Promise.all(messages.map((message) => serve(message, header, context)));
    const response = await reply(classified.value, served, event, () => stores.sessions.mint().sessionId);
    return accepted.json ? response : asEventStream(response);
  };

  /** Answers one message, with a call of its own. If no object is asked about the header's session, checks it here. */
  async function serve(message: Message, header: NamedSession | null, context: McpRequestContext): Promise<Served> {
    const call = newCall(message, header, context);
    const own = firstOf(answerers, message);
    const taken = own ?? sdk.take(message);
    const refusal = taken.asksSession ? null : await call.target.refusal();
    if (refusal !== null) return { message, call, answer: null, refusal };
    const answer = await taken.answer(call);
    if (own === null) for (const answerer of answerers) answerer.learn?.(message, answer);
    return { message, call, answer, refusal: await call.target.refusal() };
  }
}

function firstOf(answerers: readonly Answerer[], message: Message): Taken | null {
  for (const answerer of answerers) {
    const taken = answerer.take(message);
    if (taken !== null) return taken;
  }
  return null;
}

function newCall(message: Message, header: NamedSession | null, context: McpRequestContext): SessionCall {
  const { identity, stores, chargeWrite, log } = context;
  const caller = new HttpCaller(message.era, identity, message.request);
  return new SessionCall(caller, stores, header, chargeWrite, (error) => internalError(error, log, "object_threw"));
}

/** Charges each message of a batch after the first, which was charged with the HTTP request. */
async function chargeRest(messages: readonly Message[], { chargeRequest }: McpRequestContext): Promise<boolean> {
  for (let charged = 1; charged < messages.length; charged++) if (!(await chargeRequest())) return false;
  return true;
}
