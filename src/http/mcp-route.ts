import { createMcpHandler, isLegacyRequest, type McpServer } from "@modelcontextprotocol/server";
import { MAX_BATCH_MESSAGES } from "../constants.ts";
import type { Logger } from "../log.ts";
import { CallRecord } from "../mcp/call-record.ts";
import type { Caller, Era } from "../mcp/caller.ts";
import type { DirectCall, DirectCalls } from "../mcp/direct-call.ts";
import { SessionCall, type Stores, type ToolFailure } from "../mcp/session-call.ts";
import type { HoldRefusal } from "../session/refusal-wait.ts";
import type { SessionRef } from "../session/sessions.ts";
import { answersIn, type PostedAnswer } from "./asking-transport.ts";
import { describeBodyFault, parseBody } from "./json-body.ts";
import { INVALID_REQUEST, jsonRpcError, PARSE_ERROR, requestIdOf, SERVER_ERROR } from "./json-rpc.ts";
import { legacyExchange } from "./legacy-exchange.ts";
import {
  callsTool,
  isMethod,
  isModernVersion,
  type McpEvent,
  noteMessage,
  noteOutcome,
  parseJson,
  refuseMediaType,
  refuseSession,
  VERSION_HEADER,
} from "./mcp-messages.ts";
import { tooManyRequests } from "./rate-limit.ts";

const SESSION_HEADER = "mcp-session-id";
/** The revision that took batches out of the protocol. Without a version header the one before it is assumed. */
const FIRST_VERSION_WITHOUT_BATCHES = "2025-06-18";

type Id = ReturnType<typeof requestIdOf>;

const SETS = "calls that begin a session, such as set_working_directory";

/** Builds the MCP server that answers one request. The session layer knows no more of a server than this. */
export type ServerFactory = (call: SessionCall) => McpServer;

export interface McpRouteOptions {
  readonly buildServer: ServerFactory;
  /** Whether its tools send anything before their result. */
  readonly streaming: boolean;
  /** The short way past the SDK for calls that need none of it. */
  readonly direct?: DirectCalls | undefined;
  readonly log: Logger;
}

/** Everything of one request that is not the request itself. */
export interface McpRequestContext {
  readonly caller: Omit<Caller, "era">;
  readonly stores: Stores;
  readonly event: McpEvent;
  /** Charges one set_working_directory to the caller; false if that is one too many. */
  readonly chargeSet: () => Promise<boolean>;
  /** Waits until a refusal may be told. */
  readonly holdRefusal: HoldRefusal;
}

/** Serves the MCP endpoint: decides about era and session, and leaves the protocol to the SDK. */
export function createMcpRoute({ buildServer, streaming, direct, log }: McpRouteOptions) {
  /** The SDK hands its factory the request; this is how the call that belongs to it is found again. */
  const calls = new WeakMap<Request, SessionCall>();
  const modern = createMcpHandler(
    ({ requestInfo }) => {
      const call = requestInfo && calls.get(requestInfo);
      if (!call) throw new Error("The SDK asked for a server without its request");
      return buildServer(call);
    },
    {
      legacy: "reject",
      // Subscriptions are left to the SDK: a server that declares no list as changing is spoken for by an acknowledgement
      // of nothing, after which the stream ends. One that is held open would be billed.
      onerror: (error) => log("debug", "mcp_rejected", { error: error.message }),
    },
  );

  return async (request: Request, context: McpRequestContext): Promise<Response> => {
    if (request.method === "DELETE" && !isModernVersion(request)) return deleteSession(request, context);
    if (request.method !== "POST") {
      return jsonRpcError(405, SERVER_ERROR, `Method ${request.method} not allowed. Send MCP messages with POST`, {
        headers: { Allow: "POST, DELETE" },
      });
    }
    const refused = refuseMediaType(request);
    if (refused !== null) return refused;
    const parsed = parseBody(await request.arrayBuffer());
    if (!parsed.ok) {
      const code = parsed.failure === "not_utf8" || parsed.failure === "not_json" ? PARSE_ERROR : INVALID_REQUEST;
      return jsonRpcError(400, code, describeBodyFault(parsed.failure));
    }
    const body = parsed.value;
    noteMessage(context.event, body);
    const directCall = direct?.read(request.headers, body) ?? null;
    if (directCall !== null) return serveDirectly(request, body, directCall, context);
    return (await isLegacyRequest(request, body))
      ? serveLegacy(request, body, context)
      : serveModern(request, body, context);
  };

  async function serveDirectly(
    request: Request,
    body: unknown,
    { era, run }: DirectCall,
    context: McpRequestContext,
  ): Promise<Response> {
    context.event.era = era;
    const header = era === "legacy" ? sessionOfHeader(request, context) : null;
    if (header?.ok === false) return refuse(header.failure, requestIdOf(body), context);
    const record = new CallRecord();
    const call = newCall(era, context, header?.value ?? null, record);
    const answer = await run(call);
    await call.checkHeader();
    context.event.sessionId = record.sessionId;
    if (answer.isError) context.event.outcome = "tool_error";
    if (record.headerRefusal !== null) return refuse(record.headerRefusal, requestIdOf(body), context);
    if (record.rateLimited) return tooManyRequests(SETS, requestIdOf(body));
    return new Response(answer.body, { headers: { "Content-Type": "application/json" } });
  }

  async function serveModern(request: Request, body: unknown, context: McpRequestContext): Promise<Response> {
    context.event.era = "modern";
    // No session from the header: the revision has none, and a stray one must not decide where files land.
    const record = new CallRecord();
    calls.set(request, newCall("modern", context, null, record));
    const response = await modern.fetch(request, { parsedBody: body });
    const accepted = await noteOutcome(context.event, body, record, response);
    if (accepted) direct?.learn(body);
    return record.rateLimited ? refuseSet(response, body) : response;
  }

  async function serveLegacy(request: Request, body: unknown, context: McpRequestContext): Promise<Response> {
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
    const initializing = isMethod(body, "initialize");
    const session = initializing ? null : sessionOfHeader(request, context);
    if (session?.ok === false) return refuse(session.failure, id, context);
    const answers = session && streaming ? answersIn(body) : null;
    if (session && answers !== null) return takeAnswers(session.value, answers, id, context);
    const awaitAnswer =
      session && streaming
        ? (requestId: string) => context.stores.sessions.takeAnswer(session.value, context.caller.principal, requestId)
        : null;
    const record = new CallRecord();
    const call = newCall("legacy", context, session?.value ?? null, record);
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
    if (record.rateLimited && !Array.isArray(body)) return refuseSet(response, body);
    return initializing ? withNewSession(response, context) : response;
  }

  /** What the client answers to requests of calls that run: brought to where they wait. */
  async function takeAnswers(
    session: SessionRef,
    answers: readonly PostedAnswer[],
    id: Id,
    context: McpRequestContext,
  ) {
    const { stores, caller, event } = context;
    event.sessionId = session.sessionId;
    const given = await Promise.all(
      answers.map(({ requestId, text }) => stores.sessions.giveAnswer(session, caller.principal, requestId, text)),
    );
    const refused = given.find((result) => !result.ok);
    return refused === undefined ? new Response(null, { status: 202 }) : refuse(refused.failure, id, context);
  }

  async function withNewSession(response: Response, { stores, event }: McpRequestContext): Promise<Response> {
    const answer = parseJson(await response.clone().text()) as { result?: unknown } | undefined;
    if (answer?.result === undefined) return response;
    const { sessionId } = stores.sessions.mint();
    event.sessionId = sessionId;
    const headers = new Headers(response.headers);
    headers.set(SESSION_HEADER, sessionId);
    return new Response(response.body, { status: response.status, headers });
  }

  /** `DELETE /mcp`: the client of a legacy session says that it is over. */
  async function deleteSession(request: Request, context: McpRequestContext): Promise<Response> {
    context.event.era = "legacy";
    const header = request.headers.get(SESSION_HEADER);
    if (header === null) {
      return jsonRpcError(400, SERVER_ERROR, "DELETE ends the session of the Mcp-Session-Id header, which is missing");
    }
    const session = context.stores.sessions.parse(header);
    if (!session.ok) return refuse(session.failure, null, context);
    context.event.sessionId = session.value.sessionId;
    const deleted = await context.stores.sessions.delete(session.value, context.caller.principal);
    return deleted.ok ? new Response(null, { status: 204 }) : refuse(deleted.failure, null, context);
  }
}

/** The session that a legacy request names in its header, checked without waking its object; null if it names none. */
function sessionOfHeader(request: Request, { stores }: McpRequestContext) {
  const header = request.headers.get(SESSION_HEADER);
  return header === null ? null : stores.sessions.parse(header);
}

const newCall = (
  era: Era,
  { caller, stores, event, chargeSet, holdRefusal }: McpRequestContext,
  header: SessionRef | null,
  record: CallRecord,
) => {
  event.finished = record.finished;
  return new SessionCall({ ...caller, era }, stores, header, record, chargeSet, holdRefusal);
};

/** Turns a request away for the session of its header, foreign ones no sooner than unknown ones. */
async function refuse(
  failure: ToolFailure | null,
  id: Id,
  { event, holdRefusal }: McpRequestContext,
): Promise<Response> {
  if (failure !== null) event.refusal = failure.kind;
  await holdRefusal(failure);
  return refuseSession(failure, id);
}

/** 429 in place of the tool error that says the same, which would pass for success at every proxy. A batch keeps its answers. */
async function refuseSet(answer: Response, body: unknown): Promise<Response> {
  await answer.body?.cancel();
  return tooManyRequests(SETS, requestIdOf(body));
}
