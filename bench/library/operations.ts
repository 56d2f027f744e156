/** The requests that are measured, as each peer wants them, and what their answers must contain. */
import type { Era, Peer } from "./peers.ts";

export const OPERATIONS = ["get", "set", "open", "count", "tools/list"] as const;
/** Gets that a Worker makes over RPC in turn, for one request of its own: what RPC costs without the HTTP in front of it. */
export const IN_TURN = "get ×20";
const TIMES_IN_TURN = 20;
export type OperationName = (typeof OPERATIONS)[number] | typeof IN_TURN;

/** How many operations one request stands for. */
export const timesOf = (operation: OperationName): number => (operation === IN_TURN ? TIMES_IN_TURN : 1);

export interface HttpRequest {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export const DIRECTORY = "/home/me/projects/shop/frontend";
/** For every other set: SQLite writes nothing where a value stays the same. It contains the other one. */
export const OTHER_DIRECTORY = `${DIRECTORY}/src`;
const CLIENT = { name: "bench", version: "1.0.0" };
const HEADERS = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };

/** Whether the peer can do it at all: only ours counts, and the RPC entrypoint and the floor list no tools. */
export function offers({ name }: Peer, operation: OperationName): boolean {
  if (operation === "count") return name === "ours";
  return operation !== "tools/list" || name === "ours" || name === "mcp-agent" || name === "sdk-object";
}

/** The request that opens a session, where that takes one before the first set. */
export function initialize(era: Era): HttpRequest | null {
  if (era !== "legacy") return null;
  const params = { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: CLIENT };
  return legacy("initialize", params, undefined);
}

/** @param session As the peer named it; undefined opens one. */
export function requestOf(
  operation: OperationName,
  era: Era,
  session: string | undefined,
  path = DIRECTORY,
): HttpRequest {
  const directory = operation === "set" || operation === "open" ? { directory: path } : {};
  if (era === "none") {
    return {
      path: "/",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ session, ...directory, ...(operation === IN_TURN && { times: TIMES_IN_TURN }) }),
    };
  }
  if (operation === "tools/list") return message(era, operation, {}, session);
  const name = TOOLS[operation];
  const argument = era === "modern" && operation !== "count" ? { session_id: session } : {};
  return message(era, "tools/call", { name, arguments: { ...directory, ...argument } }, session);
}

const TOOLS = {
  get: "get_working_directory",
  [IN_TURN]: "get_working_directory",
  set: "set_working_directory",
  open: "set_working_directory",
  count: "get_session_count",
} as const;

const message = (
  era: Era,
  method: string,
  params: Record<string, unknown>,
  session: string | undefined,
): HttpRequest => (era === "legacy" ? legacy(method, params, session) : modern(method, params));

const legacy = (method: string, params: object, session: string | undefined): HttpRequest => ({
  path: "/mcp",
  headers: {
    ...HEADERS,
    ...(method !== "initialize" && { "MCP-Protocol-Version": "2025-11-25" }),
    ...(session !== undefined && { "Mcp-Session-Id": session }),
  },
  body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }),
});

const modern = (method: string, params: Record<string, unknown>): HttpRequest => ({
  path: "/mcp",
  headers: {
    ...HEADERS,
    "MCP-Protocol-Version": "2026-07-28",
    "Mcp-Method": method,
    ...(typeof params.name === "string" && { "Mcp-Name": params.name }),
  },
  body: JSON.stringify({
    jsonrpc: "2.0",
    id: 1,
    method,
    params: {
      ...params,
      _meta: {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": CLIENT,
        "io.modelcontextprotocol/clientCapabilities": {},
      },
    },
  }),
});

/** What an answer must contain to be one. */
export const EXPECTED: Readonly<Record<OperationName, string>> = {
  get: DIRECTORY,
  [IN_TURN]: DIRECTORY,
  set: DIRECTORY,
  open: DIRECTORY,
  count: "active_sessions",
  "tools/list": "set_working_directory",
};

/** Sends one request and makes sure that the answer is one. */
export async function sendChecked(
  url: string,
  request: HttpRequest,
  expected: string,
): Promise<{ text: string; session: string | null }> {
  const response = await fetch(url + request.path, { method: "POST", headers: request.headers, body: request.body });
  const text = await response.text();
  if (!response.ok || !text.includes(expected) || text.includes('"isError":true')) {
    throw new Error(`${request.body} was answered with ${response.status}: ${text.slice(0, 500)}`);
  }
  return { text, session: response.headers.get("mcp-session-id") };
}

/** Opens a session, sets its directory and returns its id. */
export async function openSession(url: string, era: Era): Promise<string> {
  const first = initialize(era);
  const opened = first && (await sendChecked(url, first, "protocolVersion")).session;
  const { text } = await sendChecked(url, requestOf("open", era, opened ?? undefined), DIRECTORY);
  const session = opened ?? /"session(?:_id)?":"([^"]+)"/.exec(text)?.[1];
  if (session === undefined) throw new Error(`No session is named in ${text}`);
  return session;
}
