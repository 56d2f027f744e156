import { type LogFields, type Logger, shortSessionId } from "../log.ts";
import type { McpEvent } from "./mcp-event.ts";

/** Paths that may stand in the log; any other is the client's own text. */
const ROUTES = new Set([
  ...[
    "/mcp",
    "/healthz",
    "/readyz",
    "/schema/config.json",
    "/",
    "/dashboard",
    "/dashboard/live",
    "/metrics",
    "/openapi.json",
  ],
  ...["/api/sessions", "/api/sessions/count"],
]);

/** Under these paths something follows that must not stand in the log, such as a session id. */
const PREFIXES = { "/api/sessions/": "/api/sessions/:id", "/assets/": "/assets/:name" };

function routeOf(path: string): string {
  if (ROUTES.has(path)) return path;
  return Object.entries(PREFIXES).find(([prefix]) => path.startsWith(prefix))?.[1] ?? "other";
}

export interface RequestOutcome {
  readonly requestId: string;
  readonly httpMethod: string;
  readonly path: string;
  readonly event: McpEvent;
  readonly status: number;
  readonly durationMs: number;
}

/**
 * The one event of a request: a line in the log and, where the Worker binds a dataset for it, a data point that can be added up
 * by tool and outcome. Writing a point waits for nothing.
 */
export function recordRequest(outcome: RequestOutcome, log: Logger, dataset: AnalyticsEngineDataset | undefined): void {
  const { requestId, httpMethod, path, event, status, durationMs } = outcome;
  const fields = {
    request_id: requestId,
    http_method: httpMethod,
    route: routeOf(path),
    era: event.era,
    method: event.method,
    tool: event.tool,
    session: event.sessionId ? shortSessionId(event.sessionId) : null,
    status,
    failure: event.failure,
    outcome: status < 400 ? (event.outcome ?? "ok") : status < 500 ? "refused" : "failed",
    duration_ms: durationMs,
    trace_id: event.trace?.traceId,
    parent_id: event.trace?.parentId,
  } satisfies LogFields;
  log("info", "request", fields);
  dataset?.writeDataPoint({
    // The index is what the platform samples by: rare tools stay visible beside frequent ones.
    indexes: [fields.tool ?? fields.route],
    blobs: [fields.route, fields.era ?? "", fields.method ?? "", fields.tool ?? "", fields.outcome],
    doubles: [status, durationMs],
  });
}
