import { MAX_BATCH_MESSAGES } from "../constants.ts";
import type { CallRecord } from "../mcp/call-record.ts";
import { ENVELOPE } from "../mcp/plain-request.ts";
import type { ToolFailure } from "../mcp/tool-failure.ts";
import { clientOfInfo } from "./client-label.ts";
import { noteAnswers, toolLabel } from "./finished-calls.ts";
import { jsonRpcError, SERVER_ERROR, SESSION_NOT_FOUND } from "./json-rpc.ts";
import type { McpEvent, MessageEvent } from "./mcp-event.ts";
import { traceOf } from "./trace-context.ts";

/** What can be told of a message without knowing its session: its form, its method, how to refuse it. */

export const VERSION_HEADER = "mcp-protocol-version";
const FIRST_MODERN_VERSION = "2026-07-28";
const JSON_TYPE = "application/json";
const CLIENT_INFO = `${ENVELOPE}clientInfo`;
const METHOD_NAME = /^[a-z]+([/][A-Za-z_]{1,40}){0,2}$/;

/** What of a message goes into the log, if it is there and has the form that it should have. */
interface Message {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: {
    readonly name?: unknown;
    readonly clientInfo?: unknown;
    readonly _meta?: Record<string, unknown>;
  };
}

/** 404 tells a legacy client to initialize anew; a session that is only busy must not cost it its session. */
export function refuseSession(failure: ToolFailure | null, id: string | number | null): Response {
  if (failure?.kind === "session_unavailable" || failure?.kind === "outcome_unknown") {
    return jsonRpcError(503, SERVER_ERROR, "The session is busy. Try again", { id, headers: { "Retry-After": "1" } });
  }
  return jsonRpcError(404, SESSION_NOT_FOUND, "Session not found. Initialize a new one", { id });
}

/** Both revisions: a client must send JSON and accept JSON and event streams. */
export function refuseMediaType(request: Request): Response | null {
  const type = request.headers.get("content-type");
  if (type !== JSON_TYPE && type?.split(";")[0]?.trim().toLowerCase() !== JSON_TYPE) {
    return jsonRpcError(415, SERVER_ERROR, "Unsupported Media Type: Content-Type must be application/json");
  }
  const accept = request.headers.get("accept")?.toLowerCase() ?? "";
  if (!accept.includes(JSON_TYPE) || !accept.includes("text/event-stream")) {
    return jsonRpcError(406, SERVER_ERROR, "Not Acceptable: Accept must list application/json and text/event-stream");
  }
  return null;
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const isModernVersion = (request: Request): boolean =>
  (request.headers.get(VERSION_HEADER) ?? "") >= FIRST_MODERN_VERSION;

export const isMethod = (message: unknown, method: string): boolean =>
  (message as { method?: unknown } | null)?.method === method;

export const callsTool = (body: unknown): boolean =>
  Array.isArray(body) ? body.some((message) => isMethod(message, "tools/call")) : isMethod(body, "tools/call");

export function noteMessage(event: McpEvent, body: unknown): void {
  if (Array.isArray(body)) {
    event.batchSize = body.length;
    if (body.length <= MAX_BATCH_MESSAGES) event.messages = body.map(messageEvent);
    return;
  }
  event.messages = [messageEvent(body)];
  const { params } = (body ?? {}) as Message;
  event.client = clientOfInfo(params?._meta?.[CLIENT_INFO] ?? params?.clientInfo) ?? event.client;
}

/** Names as protocol and tools have them; anything else could be a path or a token that landed in the wrong place. */
function messageEvent(message: unknown): MessageEvent {
  const { id, method, params } = (message ?? {}) as Message;
  return {
    id,
    method: typeof method === "string" ? (METHOD_NAME.test(method) ? method : "other") : undefined,
    tool: typeof params?.name === "string" ? toolLabel(params.name) : undefined,
    trace: traceOf(params?._meta),
  };
}

/** Notes how the messages ended. Returns whether the SDK has answered a call of a tool with a result. */
export async function noteOutcome(
  event: McpEvent,
  body: unknown,
  record: CallRecord,
  response: Response,
): Promise<boolean> {
  event.sessionId = record.sessionId;
  const json = isJson(response) ? parseJson(await response.clone().text()) : null;
  noteAnswers(event.messages ?? [], record, isStream(response) ? null : ([json].flat() as object[]));
  return callsTool(body) && (json as { result?: unknown } | null)?.result !== undefined;
}

export const isJson = (response: Response): boolean => hasType(response, "json");

const isStream = (response: Response): boolean => hasType(response, "text/event-stream");

const hasType = ({ headers }: Response, type: string): boolean => headers.get("content-type")?.includes(type) ?? false;
