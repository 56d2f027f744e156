import type { McpServer } from "@modelcontextprotocol/server";
import type { Logger } from "../log.ts";
import type { CallRecord } from "../mcp/call-record.ts";
import type { Era } from "../mcp/caller.ts";
import { internalError } from "../mcp/internal-error.ts";
import { SessionCall, type Stores } from "../mcp/session-call.ts";
import type { ToolFailure } from "../mcp/tool-failure.ts";
import type { HoldRefusal } from "../session/refusal-wait.ts";
import type { SessionRef } from "../session/sessions.ts";
import { HttpCaller } from "./http-caller.ts";
import type { Identity } from "./identity.ts";
import { requestIdOf } from "./json-rpc.ts";
import type { McpEvent } from "./mcp-event.ts";
import { refuseSession } from "./mcp-messages.ts";
import { tooManyRequests } from "./rate-limit.ts";

/** What the ways of a request through the endpoint share. */

export const SESSION_HEADER = "mcp-session-id";
const WRITES = "calls that store something, such as set_working_directory, register_project or DELETE";

export type Id = ReturnType<typeof requestIdOf>;

/** Builds the MCP server that answers one request. The session layer knows no more of a server than this. */
export type ServerFactory = (call: SessionCall) => McpServer;

/** Everything of one request that is not the request itself. */
export interface McpRequestContext {
  readonly identity: Identity;
  readonly stores: Stores;
  readonly event: McpEvent;
  /** Charges one more request to the caller; false if that is one too many. */
  readonly chargeRequest: () => Promise<boolean>;
  /** Charges something that stores to the caller; false if that is one too many. */
  readonly chargeWrite: () => Promise<boolean>;
  /** Waits until a refusal may be told. */
  readonly holdRefusal: HoldRefusal;
  readonly log: Logger;
}

/** The session that a legacy request names in its header, checked without waking its object; null if it names none. */
export function sessionOfHeader(request: Request, { stores }: McpRequestContext) {
  const header = request.headers.get(SESSION_HEADER);
  return header === null ? null : stores.sessions.parse(header);
}

export const newCall = (
  era: Era,
  request: Request,
  { identity, stores, chargeWrite, holdRefusal, log }: McpRequestContext,
  header: SessionRef | null,
  record: CallRecord,
) => {
  const onThrow = (error: unknown) => internalError(error, log, "object_threw");
  const caller = new HttpCaller(era, identity, request);
  return new SessionCall(caller, stores, header, record, chargeWrite, holdRefusal, onThrow);
};

/** Turns a request away for the session of its header, foreign ones no sooner than unknown ones. */
export async function refuse(
  failure: ToolFailure | null,
  id: Id,
  { event, holdRefusal }: McpRequestContext,
): Promise<Response> {
  if (failure !== null) event.failure = failure.kind;
  await holdRefusal(failure);
  return refuseSession(failure, id);
}

/** 429: the caller stores too much. */
export function refuseWrite(id: Id, { event }: McpRequestContext): Response {
  event.failure = "rate_limited";
  return tooManyRequests(WRITES, id);
}

/** 429 in place of the tool error that says the same, which would pass for success at every proxy. A batch keeps its answers. */
export async function replaceByRefusal(answer: Response, body: unknown, context: McpRequestContext): Promise<Response> {
  await answer.body?.cancel();
  return refuseWrite(requestIdOf(body), context);
}

/** Mints the session that a legacy client has asked for: it learns of it by header. */
export function withNewSession(answered: Headers, { stores, event }: McpRequestContext): Headers {
  const { sessionId } = stores.sessions.mint();
  event.sessionId = sessionId;
  const headers = new Headers(answered);
  headers.set(SESSION_HEADER, sessionId);
  return headers;
}
