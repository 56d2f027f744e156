/** MCP requests of both eras as plain HTTP, through the whole fetch path of the Worker. */
import { exports } from "cloudflare:workers";

const HEADERS = {
  "content-type": "application/json",
  accept: "application/json, text/event-stream",
  host: "localhost",
};

type Json = Record<string, unknown>;

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Json & { result?: Json; error?: { code: number; message: string } };
}

/** Sends anything to the Worker. */
export const send = (path: string, init: RequestInit): Promise<Response> =>
  exports.default.fetch(new Request(`http://localhost${path}`, init));

/** Posts a body to `/mcp`; a string goes as it is. Headers given as null are left out. */
export async function post(body: unknown, headers: Record<string, string | null> = {}): Promise<Answer> {
  const merged = Object.entries({ ...HEADERS, ...headers }).filter(
    (entry): entry is [string, string] => entry[1] !== null,
  );
  const response = await send("/mcp", {
    method: "POST",
    headers: merged,
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? {} : JSON.parse(text) };
}

export const request = (method: string, params: Json = {}) => ({ jsonrpc: "2.0", id: 7, method, params });

/** A legacy request, with the header of `session` if one is given. */
export const legacy = (method: string, params: Json = {}, session?: string): Promise<Answer> =>
  post(request(method, params), {
    "mcp-protocol-version": "2025-11-25",
    ...(session === undefined ? {} : { "mcp-session-id": session }),
  });

/** Opens a legacy session and returns its id. */
export async function initialize(): Promise<string> {
  const { headers } = await post(
    request("initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    }),
  );
  return headers.get("mcp-session-id") ?? "";
}

const ENVELOPE = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientCapabilities": {},
  "io.modelcontextprotocol/clientInfo": { name: "modern-test", version: "2" },
};

/** A modern request with its envelope and standard headers. */
export const modern = (method: string, params: Json = {}, headers: Record<string, string> = {}): Promise<Answer> =>
  post(request(method, { ...params, _meta: ENVELOPE }), {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": method,
    ...(typeof params.name === "string" ? { "mcp-name": params.name } : {}),
    ...headers,
  });

export interface ToolAnswer {
  readonly status: number;
  readonly isError: boolean;
  readonly text: string;
  readonly data: Json;
}

const toolAnswer = ({ status, body }: Answer): ToolAnswer => {
  const content = (body.result?.content ?? []) as { text: string }[];
  return {
    status,
    isError: body.result?.isError === true,
    text: content[0]?.text ?? "",
    data: (body.result?.structuredContent ?? {}) as Json,
  };
};

/** Calls a tool in the modern era. */
export const tool = async (name: string, args: Json = {}, headers: Record<string, string> = {}): Promise<ToolAnswer> =>
  toolAnswer(await modern("tools/call", { name, arguments: args }, headers));

/** Calls a tool in the legacy era, with the header of `session` if one is given. */
export const legacyTool = async (name: string, args: Json = {}, session?: string): Promise<ToolAnswer> =>
  toolAnswer(await legacy("tools/call", { name, arguments: args }, session));
