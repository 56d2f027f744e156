import { type LogFields, type Logger, shortSessionId } from "../base/log.ts";
import { INTERNAL_ERROR } from "../call/session-call.ts";
import type { McpEvent, MessageEvent } from "./edge/mcp-event.ts";

/** Paths that may appear in the log; any other path is text from the client. */
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
    "/api",
  ],
  ...["/api/sessions", "/api/sessions/count"],
]);

/** What follows these prefixes must not be logged, such as a session id. */
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
 * Records a request: one log line and, if the Worker binds a dataset, one data point for aggregation by tool and
 * outcome. Each message of a batch also gets a log line of its own, and the data points are per message.
 */
export function recordRequest(outcome: RequestOutcome, log: Logger, dataset: AnalyticsEngineDataset | undefined): void {
  const { requestId, httpMethod, path, event, status, durationMs } = outcome;
  const { messages = [], batchSize, action } = event;
  const common = { request_id: requestId, route: routeOf(path), era: event.era } satisfies LogFields;
  const ended = messages.map((message) => ({
    method: message.method,
    tool: message.tool,
    outcome: outcomeOf(status, event, message),
    failure: event.failure ?? message.failure,
    trace_id: message.trace?.traceId,
    parent_id: message.trace?.parentId,
  }));
  const single = batchSize === undefined ? ended[0] : undefined;
  const worst = ended.toSorted((a, b) => rank(b.outcome) - rank(a.outcome))[0];
  log("info", "request", {
    ...common,
    http_method: httpMethod,
    principal: event.principal,
    client: event.client,
    batch_size: batchSize,
    method: single?.method,
    tool: single?.tool,
    session: event.sessionId ? shortSessionId(event.sessionId) : null,
    action: action?.name,
    ended: action?.ended,
    status,
    outcome: worst?.outcome ?? outcomeOf(status, event),
    failure: event.failure ?? worst?.failure,
    duration_ms: durationMs,
    trace_id: single?.trace_id,
    parent_id: single?.parent_id,
  });
  if (batchSize !== undefined) for (const message of ended) log("info", "message", { ...common, ...message });
  const points = ended.length > 0 ? ended : [{ method: undefined, tool: undefined, outcome: outcomeOf(status, event) }];
  for (const { method, tool, outcome } of points) {
    dataset?.writeDataPoint({
      // The platform samples by index, so rare tools stay visible among frequent ones.
      indexes: [tool ?? common.route],
      blobs: [common.route, common.era ?? "", method ?? "", tool ?? "", outcome],
      doubles: [status, durationMs],
    });
  }
}

/** From best to worst. */
const OUTCOMES: readonly string[] = ["ok", "streamed", "rejected", "tool_error", "refused", "failed", INTERNAL_ERROR];
const rank = (outcome: string): number => OUTCOMES.indexOf(outcome);

/**
 * The outcome of a message, or of the whole request. If the request was rejected, the outcomes of its messages do not
 * count.
 */
function outcomeOf(status: number, { failure }: McpEvent, message?: MessageEvent): string {
  if (failure === INTERNAL_ERROR || message?.outcome === INTERNAL_ERROR) return INTERNAL_ERROR;
  if (status >= 400) return status < 500 ? "refused" : "failed";
  return message?.outcome ?? "ok";
}
