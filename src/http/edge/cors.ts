import type { Config } from "../../settings/config.ts";
import { mayRead } from "./origin.ts";

/** What `/mcp` answers to: the value of `Allow`, and of its like in a preflight. */
export const MCP_METHODS = "POST, DELETE, OPTIONS";

/** Response headers that a page's MCP client has to see. */
const EXPOSED = "Mcp-Session-Id, MCP-Protocol-Version, WWW-Authenticate, Retry-After";

const REQUEST_HEADERS = [
  "Authorization",
  "Content-Type",
  "Accept",
  "Mcp-Session-Id",
  "MCP-Protocol-Version",
  "Mcp-Method",
  "Mcp-Name",
  "Last-Event-ID",
  // Instrumented clients add these by themselves: https://www.w3.org/TR/trace-context/, https://www.w3.org/TR/baggage/
  "traceparent",
  "tracestate",
  "baggage",
];

/** Headers that mirror tool arguments: their names end as the server's author likes (revision 2026-07-28). */
const PARAM_HEADER = /^mcp-param-[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Lets scripts of the configured origins, and of this machine, read an answer. No cookie is ever involved, so credentials
 * are not allowed; every other origin gets no header at all, and its browser keeps the answer to itself.
 */
export function allowReading({ headers }: Response, request: Request, config: Pick<Config, "allowedOrigins">): void {
  const origin = request.headers.get("origin");
  if (origin === null || !mayRead(origin, config)) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED);
}

/** Whether a browser asks if it may send a request. It does so without a token, so this comes before authentication. */
export const isPreflight = (request: Request): boolean =>
  request.method === "OPTIONS" && request.headers.has("origin") && request.headers.has("access-control-request-method");

/** The answer to a preflight request; {@link allowReading} adds the origin, without which the rest counts nothing. */
export function preflightResponse(request: Request): Response {
  const asked = request.headers.get("access-control-request-headers")?.toLowerCase().split(",") ?? [];
  const params = asked.map((name) => name.trim()).filter((name) => PARAM_HEADER.test(name));
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": MCP_METHODS,
      "Access-Control-Allow-Headers": [...REQUEST_HEADERS, ...params].join(", "),
      "Access-Control-Max-Age": "7200",
      Vary: "Access-Control-Request-Headers",
    },
  });
}
