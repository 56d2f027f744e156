import { MAX_BATCH_MESSAGES } from "../constants.ts";
import { CallRecord } from "../mcp/call-record.ts";
import type { SessionRef } from "../session/sessions.ts";
import { answersIn, type PostedAnswer } from "./asking-transport.ts";
import { INVALID_REQUEST, jsonRpcError, requestIdOf, SERVER_ERROR } from "./json-rpc.ts";
import { legacyExchange } from "./legacy-exchange.ts";
import { callsTool, isMethod, noteOutcome, parseJson, VERSION_HEADER } from "./mcp-messages.ts";
import {
  type Id,
  type McpRequestContext,
  newCall,
  refuse,
  refuseWrite,
  replaceByRefusal,
  SESSION_HEADER,
  type ServerFactory,
  sessionOfHeader,
  withNewSession,
} from "./mcp-request.ts";
import { tooManyRequests } from "./rate-limit.ts";

/** The revision that took batches out of the protocol. Without a version header the one before it is assumed. */
const FIRST_VERSION_WITHOUT_BATCHES = "2025-06-18";

export interface LegacyOptions {
  readonly buildServer: ServerFactory;
  /** Whether its tools send anything before their result. */
  readonly streaming: boolean;
  /** Is shown the SDK's answer. */
  readonly learn: (answer: Response) => Promise<void>;
}

/** Serves a message of the legacy era through the SDK. */
export async function serveLegacy(
  request: Request,
  body: unknown,
  context: McpRequestContext,
  { buildServer, streaming, learn }: LegacyOptions,
): Promise<Response> {
  context.event.era = "legacy";
  const id = requestIdOf(body);
  if (Array.isArray(body) && (request.headers.get(VERSION_HEADER) ?? "") >= FIRST_VERSION_WITHOUT_BATCHES) {
    const message = `Batches are not part of protocol ${request.headers.get(VERSION_HEADER)}. Send one message per request`;
    return jsonRpcError(400, INVALID_REQUEST, message);
  }
  if (Array.isArray(body) && body.length > MAX_BATCH_MESSAGES) {
    const message = `A batch of ${body.length} messages is too large. Send at most ${MAX_BATCH_MESSAGES}`;
    return jsonRpcError(400, INVALID_REQUEST, message);
  }
  if (Array.isArray(body) && !(await chargeRest(body, context))) {
    context.event.failure = "rate_limited";
    return tooManyRequests("messages: each one of a batch counts as a request. Nothing was done");
  }
  const initializing = isMethod(body, "initialize");
  const session = initializing ? null : sessionOfHeader(request, context);
  if (session?.ok === false) return refuse(session.failure, id, context);
  const answers = session && streaming ? answersIn(body) : null;
  if (session && answers !== null) return takeAnswers(session.value, answers, id, context);
  const awaitAnswer =
    session && streaming
      ? (requestId: string) => context.stores.sessions.takeAnswer(session.value, context.identity.principal, requestId)
      : null;
  const record = new CallRecord();
  const call = newCall("legacy", request, context, session?.value ?? null, record);
  // A tool asks the session's object itself; before anything else the header is checked here.
  if (!callsTool(body)) await call.checkHeader();
  context.event.sessionId = record.sessionId;
  if (record.headerRefusal !== null) return refuse(record.headerRefusal, id, context);
  const response = await legacyExchange(request, body, buildServer(call), { streaming, awaitAnswer });
  if (callsTool(body)) await call.checkHeader();
  await noteOutcome(context.event, body, record, response);
  if (record.headerRefusal !== null) {
    await response.body?.cancel();
    return refuse(record.headerRefusal, id, context);
  }
  if (record.rateLimited && !Array.isArray(body)) return replaceByRefusal(response, body, context);
  await learn(response);
  if (!initializing) return response;
  const answer = parseJson(await response.clone().text()) as { result?: unknown } | undefined;
  if (answer?.result === undefined) return response;
  return new Response(response.body, { status: response.status, headers: withNewSession(response.headers, context) });
}

/** Charges each message of a batch beyond the first, which the HTTP request was charged for. */
async function chargeRest(batch: readonly unknown[], { chargeRequest }: McpRequestContext): Promise<boolean> {
  for (let charged = 1; charged < batch.length; charged++) if (!(await chargeRequest())) return false;
  return true;
}

/** What the client answers to requests of calls that run: brought to where they wait. */
async function takeAnswers(session: SessionRef, answers: readonly PostedAnswer[], id: Id, context: McpRequestContext) {
  const { stores, identity, event } = context;
  event.sessionId = session.sessionId;
  const given = await Promise.all(
    answers.map(({ requestId, text }) => stores.sessions.giveAnswer(session, identity.principal, requestId, text)),
  );
  const refused = given.find((result) => !result.ok);
  return refused === undefined ? new Response(null, { status: 202 }) : refuse(refused.failure, id, context);
}

/** `DELETE /mcp`: the client of a legacy session says that it is over. */
export async function deleteSession(request: Request, context: McpRequestContext): Promise<Response> {
  context.event.era = "legacy";
  const header = request.headers.get(SESSION_HEADER);
  if (header === null) {
    return jsonRpcError(400, SERVER_ERROR, "DELETE ends the session of the Mcp-Session-Id header, which is missing");
  }
  const session = context.stores.sessions.parse(header);
  if (!session.ok) return refuse(session.failure, null, context);
  context.event.sessionId = session.value.sessionId;
  // Ending a context is never refused, but a tombstone where nothing was stored is.
  const mayStore = await context.chargeWrite();
  const deleted = await context.stores.sessions.delete(session.value, context.identity.principal, mayStore);
  if (!deleted.ok && deleted.failure.kind === "no_context") return refuseWrite(null, context);
  return deleted.ok ? new Response(null, { status: 204 }) : refuse(deleted.failure, null, context);
}
