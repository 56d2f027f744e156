/** Sends MCP messages of either era to an app in this isolate. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { type SessionAppOptions, sessionApp } from "../../src/http/app.ts";
import { buildServer, SERVER_INFO, TOOLS } from "../../src/server/server.ts";
import { parseConfig } from "../../src/settings/config.ts";

export type Era = "legacy" | "modern";
export const ERAS: readonly Era[] = ["legacy", "modern"];
/** For apps in mode none: opens dashboard, metrics and API. */
export const OPERATOR_KEY = "operator-key-of-the-tests-0123456789";
export const AS_OPERATOR = { Authorization: `Bearer ${OPERATOR_KEY}` };
export const ENDPOINT = "https://mcp.example.workers.dev/mcp";

/** An answer with its body: parsed JSON if it is JSON, else text. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: Body;
}

/** Possible bodies here: a JSON-RPC answer, an OAuth error, or metadata. */
export interface Body {
  readonly id?: string | number | null;
  readonly result?: {
    readonly isError?: boolean;
    readonly content?: readonly { readonly text: string }[];
    readonly structuredContent?: Record<string, string | number | boolean | null>;
  };
  readonly error?: string | { readonly code: number; readonly message: string };
  readonly error_description?: string;
}

export type Send = (request: Request) => Promise<Answer>;

/** An app with its own settings, otherwise built like the Worker's. Sends to it take a whole Request. */
export function startApp(
  vars: Record<string, string> = {},
  bindings: Partial<Env> = {},
  direct: SessionAppOptions["direct"] = { tools: TOOLS, serverInfo: SERVER_INFO },
): Send {
  const config = parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATION_METRICS: "off", ...vars });
  return sendTo(sessionApp({ config, buildServer, streaming: false, ...(direct && { direct }) }), bindings);
}

/** Sends to any app, and reads the whole answer. */
export function sendTo(app: ReturnType<typeof sessionApp>, bindings: Partial<Env> = {}): Send {
  return async (request) => {
    const ctx = createExecutionContext();
    const response = await app.fetch(request, { ...env, ...bindings }, ctx);
    const text = await response.text();
    await waitOnExecutionContext(ctx);
    return { status: response.status, headers: response.headers, text, json: parse(text) };
  };
}

/** A namespace that counts the objects it was asked for: none means that no object was woken and nothing stored. */
export function watch(namespace: Env["SESSIONS"]): { namespace: Env["SESSIONS"]; readonly asked: () => number } {
  let asked = 0;
  const watched = {
    newUniqueId: () => namespace.newUniqueId(),
    idFromString: (id: string) => namespace.idFromString(id),
    get(id: DurableObjectId) {
      asked++;
      return namespace.get(id);
    },
  };
  return { namespace: watched as unknown as Env["SESSIONS"], asked: () => asked };
}

export interface CallOptions {
  readonly era?: Era;
  readonly token?: string | undefined;
  readonly session?: string | undefined;
  readonly headers?: Record<string, string>;
}

/** A request for the endpoint as clients send it. `message` may be any text. */
export function post(message: unknown, { era = "legacy", token, session, headers = {} }: CallOptions = {}): Request {
  return new Request(ENDPOINT, {
    method: "POST",
    headers: {
      Host: "mcp.example.workers.dev",
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": era === "modern" ? "2026-07-28" : "2025-11-25",
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(session !== undefined && { "Mcp-Session-Id": session }),
      ...headers,
    },
    body: typeof message === "string" ? message : JSON.stringify(message),
  });
}

/** A message of `era`. */
export function message(era: Era, method: string, params: Record<string, unknown> = {}): Record<string, unknown> {
  const meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "test", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  return { jsonrpc: "2.0", id: 1, method, params: era === "modern" ? { ...params, _meta: meta } : params };
}

export function callTool(name: string, args: unknown, options: CallOptions = {}): Request {
  const era = options.era ?? "legacy";
  const headers = era === "modern" ? { "Mcp-Method": "tools/call", "Mcp-Name": name } : {};
  return post(message(era, "tools/call", { name, arguments: args }), {
    ...options,
    headers: { ...headers, ...options.headers },
  });
}

export const initialize = (options: CallOptions = {}): Request =>
  post(
    message("legacy", "initialize", {
      protocolVersion: "2025-11-25",
      capabilities: {},
      clientInfo: { name: "test", version: "1" },
    }),
    options,
  );

/** `DELETE /mcp`: the client's end of a legacy session. */
export const deletion = (session: string, token?: string): Request =>
  new Request(ENDPOINT, {
    method: "DELETE",
    headers: {
      Host: "mcp.example.workers.dev",
      "Mcp-Session-Id": session,
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    },
  });

/** The number of answers by status. */
export function statuses(answers: readonly Answer[]): Record<number, number> {
  const counts: Record<number, number> = {};
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** What distinguishes two answers for an attacker, other than the id that they sent themselves. */
export const visible = ({ status, headers, text }: Answer, session: string) => ({
  status,
  text: text.replaceAll(session, "ID"),
  headers: [...headers].filter(([name]) => name !== "mcp-session-id").toSorted(),
});

function parse(text: string): Body {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
