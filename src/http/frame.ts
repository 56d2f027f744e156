import type { MiddlewareHandler } from "hono";
import type { Logger } from "../base/log.ts";
import type { Config } from "../settings/config.ts";
import type { AppEnv } from "./edge/app-env.ts";
import { clientOfUserAgent } from "./edge/client-label.ts";
import { allowReading, isPreflight, preflightResponse } from "./edge/cors.ts";
import { jsonRpcError, SERVER_ERROR } from "./edge/json-rpc.ts";
import type { McpEvent } from "./edge/mcp-event.ts";
import { originRefusal } from "./edge/origin.ts";
import { protect } from "./edge/protective-headers.ts";
import { refuseOversize } from "./edge/request-limits.ts";
import type { countOperations } from "./mcp/operation-metrics.ts";
import { recordRequest } from "./request-event.ts";

/**
 * Middleware around every route: checks Host, Origin and size before the route, sets headers and logs the request after
 * it. One middleware instead of six, because in Hono each costs as much as the work that it does.
 */
export function createFrame(
  config: Config,
  log: Logger,
  countCalls: ReturnType<typeof countOperations>,
): MiddlewareHandler<AppEnv> {
  return async (c, next) => {
    const startedAt = Date.now();
    const request = c.req.raw;
    const requestId = request.headers.get("cf-ray") ?? crypto.randomUUID();
    const event: McpEvent = { client: clientOfUserAgent(request.headers.get("user-agent")) };
    c.set("requestId", requestId);
    c.set("event", event);

    const refused = refuse(request, config);
    if (refused === null) await next();
    else c.res = refused;

    protect(c.res, c.req.path);
    allowReading(c.res, request, config);
    const { method, path } = c.req;
    const durationMs = Date.now() - startedAt;
    const outcome = { requestId, httpMethod: method, path, event, status: c.res.status, durationMs };
    recordRequest(outcome, log, c.env.REQUEST_EVENTS);
    countCalls?.(event, c);
  };
}

/** The response to a request that is answered before routing, or null. */
function refuse(request: Request, config: Config): Response | null {
  const refusal = originRefusal(request, config);
  if (refusal !== null) return jsonRpcError(403, SERVER_ERROR, refusal.message);
  return isPreflight(request) ? preflightResponse(request) : refuseOversize(request);
}
