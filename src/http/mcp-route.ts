import { createMcpHandler, isLegacyRequest } from "@modelcontextprotocol/server";
import { MAX_BODY_BYTES } from "../constants.ts";
import type { Logger } from "../log.ts";
import { CallRecord } from "../mcp/call-record.ts";
import type { Era } from "../mcp/caller.ts";
import type { DirectCall, DirectCalls } from "../mcp/direct-call.ts";
import type { KnownAnswer } from "../mcp/known-answers.ts";
import type { SessionCall } from "../mcp/session-call.ts";
import { noteAnswers } from "./finished-calls.ts";
import { describeBodyFault, parseBody } from "./json-body.ts";
import { INVALID_REQUEST, jsonRpcError, PARSE_ERROR, requestIdOf, SERVER_ERROR } from "./json-rpc.ts";
import { deleteSession, serveLegacy } from "./legacy-route.ts";
import { isJson, isModernVersion, noteMessage, noteOutcome, refuseMediaType } from "./mcp-messages.ts";
import {
  type McpRequestContext,
  newCall,
  refuse,
  refuseWrite,
  replaceByRefusal,
  type ServerFactory,
  sessionOfHeader,
  withNewSession,
} from "./mcp-request.ts";
import { JSON_ANSWER } from "./protective-headers.ts";
import { readBody } from "./request-limits.ts";

export interface McpRouteOptions {
  readonly buildServer: ServerFactory;
  /** Whether its tools send anything before their result. */
  readonly streaming: boolean;
  /** The short way past the SDK for calls that need none of it. */
  readonly direct?: DirectCalls | undefined;
  readonly log: Logger;
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
      context.event.failure = parsed.failure;
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
      ? serveLegacy(request, body, context, {
          buildServer,
          streaming,
          learn: (answer) => learnAnswer("legacy", request, body, answer),
        })
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
    const call = newCall(era, request, context, header?.value ?? null, record);
    const answer = await run(call);
    await call.checkHeader();
    context.event.sessionId = record.sessionId;
    noteAnswers(context.event.messages ?? [], record, [{ id: requestIdOf(body), result: {} }]);
    if (record.headerRefusal !== null) return refuse(record.headerRefusal, requestIdOf(body), context);
    if (record.rateLimited) return refuseWrite(requestIdOf(body), context);
    return new Response(answer, { headers: JSON_ANSWER });
  }

  /** As a call that runs nothing; only `initialize` looks at no session and opens one. */
  async function serveKnown(
    request: Request,
    body: unknown,
    { era, initializes, body: answer }: KnownAnswer,
    context: McpRequestContext,
  ): Promise<Response> {
    if (!initializes) {
      return serveDirectly(request, body, { era, run: async () => answer }, context);
    }
    context.event.era = era;
    return new Response(answer, { headers: withNewSession(JSON_ANSWER, context) });
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
    return record.rateLimited ? replaceByRefusal(response, body, context) : response;
  }
}
