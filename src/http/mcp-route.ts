import { createMcpHandler, isLegacyRequest, type McpServer } from "@modelcontextprotocol/server";
import { MAX_BATCH_MESSAGES, MAX_BODY_BYTES } from "../constants.ts";
import type { Logger } from "../log.ts";
import type { Era } from "../mcp/caller.ts";
import type { DirectCall, DirectCalls } from "../mcp/direct-call.ts";
import type { KnownAnswer } from "../mcp/known-answers.ts";
import { CallRecord, SessionCall, type Stores } from "../mcp/session-call.ts";
import type { SessionRef } from "../session/sessions.ts";
import { answersIn, type PostedAnswer } from "./asking-transport.ts";
import { HttpCaller } from "./http-caller.ts";
import type { Identity } from "./identity.ts";
import { describeBodyFault, parseBody } from "./json-body.ts";
import { INVALID_REQUEST, jsonRpcError, PARSE_ERROR, requestIdOf, SERVER_ERROR } from "./json-rpc.ts";
import { legacyExchange } from "./legacy-exchange.ts";
import {
  callsTool,
  isJson,
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
import { JSON_ANSWER } from "./protective-headers.ts";
import { tooManyRequests } from "./rate-limit.ts";
import { readBody } from "./request-limits.ts";

const SESSION_HEADER = "mcp-session-id";
/** The revision that took batches out of the protocol. Without a version header the one before it is assumed. */
const FIRST_VERSION_WITHOUT_BATCHES = "2025-06-18";

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
  readonly identity: Identity;
  readonly stores: Stores;
  readonly event: McpEvent;
  /** Charges one set_working_directory to the caller; false if that is one too many. */
  readonly chargeSet: () => Promise<boolean>;
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
    const bytes = await readBody(request, MAX_BODY_BYTES);
    if (bytes === null) {
      return jsonRpcError(413, SERVER_ERROR, `Payload Too Large: a message may have ${MAX_BODY_BYTES} bytes`);
    }
    const parsed = parseBody(bytes);
    if (!parsed.ok) {
      const code = parsed.failure === "not_utf8" || parsed.failure === "not_json" ? PARSE_ERROR : INVALID_REQUEST;
      return jsonRpcError(400, code, describeBodyFault(parsed.failure));
    }
    const body = parsed.value;
    noteMessage(context.event, body);
    const directCall = direct?.read(request.headers, body) ?? null;
    if (directCall !== null) return serveDirectly(request, body, directCall, context);
    const known = direct?.answers.find(request.headers, body) ?? null;
    if (known !== null) return serveKnown(request, body, known, context);
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
    if (header?.ok === false) return refuseSession(header.failure, requestIdOf(body));
    const record = new CallRecord();
    const call = newCall(era, request, context, header?.value ?? null, record);
    const answer = await run(call);
    await call.checkHeader();
    context.event.sessionId = record.sessionId;
    if (answer.isError) context.event.outcome = "tool_error";
    if (record.headerRefusal !== null) return refuseSession(record.headerRefusal, requestIdOf(body));
    if (record.rateLimited) return tooManyRequests(SETS, requestIdOf(body));
    return new Response(answer.body, { headers: JSON_ANSWER });
  }

  async function serveKnown(
    request: Request,
    body: unknown,
    { era, initializes, body: answer }: KnownAnswer,
    context: McpRequestContext,
  ): Promise<Response> {
    context.event.era = era;
    if (initializes) return new Response(answer, { headers: withNewSession(JSON_ANSWER, context) });
    const header = era === "legacy" ? sessionOfHeader(request, context) : null;
    if (header?.ok === false) return refuseSession(header.failure, requestIdOf(body));
    const record = new CallRecord();
    await newCall(era, request, context, header?.value ?? null, record).checkHeader();
    context.event.sessionId = record.sessionId;
    if (record.headerRefusal !== null) return refuseSession(record.headerRefusal, requestIdOf(body));
    return new Response(answer, { headers: JSON_ANSWER });
  }

  /** Lets an answer that is the same for everybody be given without the SDK from now on. */
  async function learnAnswer(era: Era, request: Request, body: unknown, response: Response): Promise<void> {
    if (direct === undefined || response.status !== 200 || !isJson(response)) return;
    if (!direct.answers.wants(request.headers, body)) return;
    direct.answers.learn(era, request.headers, body, await response.clone().text());
  }

  async function serveModern(request: Request, body: unknown, context: McpRequestContext): Promise<Response> {
    context.event.era = "modern";
    // No session from the header: the revision has none, and a stray one must not decide where files land.
    const record = new CallRecord();
    calls.set(request, newCall("modern", request, context, null, record));
    const response = await modern.fetch(request, { parsedBody: body });
    const accepted = await noteOutcome(context.event, body, record, response);
    if (accepted) direct?.learn(body);
    await learnAnswer("modern", request, body, response);
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
    if (session?.ok === false) return refuseSession(session.failure, id);
    const answers = session && streaming ? answersIn(body) : null;
    if (session && answers !== null) return takeAnswers(session.value, answers, context);
    const awaitAnswer =
      session && streaming
        ? (requestId: string) =>
            context.stores.sessions.takeAnswer(session.value, context.identity.principal, requestId)
        : null;
    const record = new CallRecord();
    const call = newCall("legacy", request, context, session?.value ?? null, record);
    // A tool asks the session's object itself; before anything else the header is checked here.
    if (!callsTool(body)) await call.checkHeader();
    context.event.sessionId = record.sessionId;
    if (record.headerRefusal !== null) return refuseSession(record.headerRefusal, id);
    const response = await legacyExchange(request, body, buildServer(call), { streaming, awaitAnswer });
    if (callsTool(body)) await call.checkHeader();
    await noteOutcome(context.event, body, record, response);
    if (record.headerRefusal !== null) {
      await response.body?.cancel();
      return refuseSession(record.headerRefusal, id);
    }
    if (record.rateLimited && !Array.isArray(body)) return refuseSet(response, body);
    await learnAnswer("legacy", request, body, response);
    if (!initializing) return response;
    const answer = parseJson(await response.clone().text()) as { result?: unknown } | undefined;
    if (answer?.result === undefined) return response;
    return new Response(response.body, { status: response.status, headers: withNewSession(response.headers, context) });
  }

  /** What the client answers to requests of calls that run: brought to where they wait. */
  async function takeAnswers(session: SessionRef, answers: readonly PostedAnswer[], context: McpRequestContext) {
    const { stores, identity, event } = context;
    event.sessionId = session.sessionId;
    const given = await Promise.all(
      answers.map(({ requestId, text }) => stores.sessions.giveAnswer(session, identity.principal, requestId, text)),
    );
    const refused = given.find((result) => !result.ok);
    return refused === undefined ? new Response(null, { status: 202 }) : refuseSession(refused.failure, null);
  }

  /** Mints the session that a legacy client has asked for: it learns of it by header. */
  function withNewSession(answered: Headers, { stores, event }: McpRequestContext): Headers {
    const { sessionId } = stores.sessions.mint();
    event.sessionId = sessionId;
    const headers = new Headers(answered);
    headers.set(SESSION_HEADER, sessionId);
    return headers;
  }

  /** `DELETE /mcp`: the client of a legacy session says that it is over. */
  async function deleteSession(request: Request, context: McpRequestContext): Promise<Response> {
    context.event.era = "legacy";
    const header = request.headers.get(SESSION_HEADER);
    if (header === null) {
      return jsonRpcError(400, SERVER_ERROR, "DELETE ends the session of the Mcp-Session-Id header, which is missing");
    }
    const session = context.stores.sessions.parse(header);
    if (!session.ok) return refuseSession(session.failure, null);
    context.event.sessionId = session.value.sessionId;
    const deleted = await context.stores.sessions.delete(session.value, context.identity.principal);
    return deleted.ok ? new Response(null, { status: 204 }) : refuseSession(deleted.failure, null);
  }
}

/** The session that a legacy request names in its header, checked without waking its object; null if it names none. */
function sessionOfHeader(request: Request, { stores }: McpRequestContext) {
  const header = request.headers.get(SESSION_HEADER);
  return header === null ? null : stores.sessions.parse(header);
}

const newCall = (
  era: Era,
  request: Request,
  { identity, stores, chargeSet }: McpRequestContext,
  header: SessionRef | null,
  record: CallRecord,
) => new SessionCall(new HttpCaller(era, identity, request), stores, header, record, chargeSet);

/** 429 in place of the tool error that says the same, which would pass for success at every proxy. A batch keeps its answers. */
async function refuseSet(answer: Response, body: unknown): Promise<Response> {
  await answer.body?.cancel();
  return tooManyRequests(SETS, requestIdOf(body));
}
