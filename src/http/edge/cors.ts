import type { Config } from "../../settings/config.ts";
import { mayRead } from "./origin.ts";

/** Methods of `/mcp`, for `Allow` and `Access-Control-Allow-Methods`. */
export const MCP_METHODS = "POST, DELETE, OPTIONS";

/** Response headers that an MCP client in a web page must be able to read. */
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
  // Added by instrumented clients: https://www.w3.org/TR/trace-context/, https://www.w3.org/TR/baggage/
  "traceparent",
  "tracestate",
  "baggage",
];

/** Headers that mirror tool arguments. The server's author chooses the suffix (revision 2026-07-28). */
const PARAM_HEADER = /^mcp-param-[a-z0-9!#$%&'*+.^_`|~-]+$/;

/**
 * Lets scripts of the configured origins and of this machine read a response. Credentials are not allowed, because
 * cookies are never used. Other origins get no CORS headers, so the browser withholds the response from them.
 */
export function allowReading({ headers }: Response, request: Request, config: Pick<Config, "allowedOrigins">): void {
  const origin = request.headers.get("origin");
  if (origin === null || !mayRead(origin, config)) return;
  headers.set("Access-Control-Allow-Origin", origin);
  headers.set("Access-Control-Expose-Headers", EXPOSED);
}

/** Whether this is a CORS preflight. Browsers send it without a token, so it is handled before authentication. */
export const isPreflight = (request: Request): boolean =>
  request.method === "OPTIONS" && request.headers.has("origin") && request.headers.has("access-control-request-method");

/** The response to a preflight. {@link allowReading} adds the origin, without which browsers ignore the rest. */
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
