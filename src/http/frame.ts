import type { MiddlewareHandler } from "hono";
import type { Config } from "../config.ts";
import type { Logger } from "../log.ts";
import type { AppEnv } from "./app-env.ts";
import { clientOfUserAgent } from "./client-label.ts";
import { allowReading, isPreflight, preflightResponse } from "./cors.ts";
import { jsonRpcError, SERVER_ERROR } from "./json-rpc.ts";
import type { McpEvent } from "./mcp-event.ts";
import type { countOperations } from "./operation-metrics.ts";
import { refusalOf } from "./origin.ts";
import { protect } from "./protective-headers.ts";
import { recordRequest } from "./request-event.ts";
import { refuseOversize } from "./request-limits.ts";

/**
 * What stands around every route: Host, Origin and size are checked before it, headers and the line in the log come after
 * it. One step and not six, because each step of Hono's costs as much as what happens in it.
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
    c.set("arrivedAt", startedAt);
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

/** The answer to a request that no route gets to see, or null. */
function refuse(request: Request, config: Config): Response | null {
  const refusal = refusalOf(request, config);
  if (refusal !== null) return jsonRpcError(403, SERVER_ERROR, refusal.message);
  return isPreflight(request) ? preflightResponse(request) : refuseOversize(request);
}
