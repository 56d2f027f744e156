import { type Context, Hono, type MiddlewareHandler } from "hono";
import { version } from "../../../../package.json";
import { quote } from "../../../base/quote.ts";
import { ANONYMOUS } from "../../../model/principal.ts";
import { shardNames } from "../../../registry/layout.ts";
import { RegistryClient } from "../../../registry/registry-client.ts";
import type { RegistryUnavailable } from "../../../registry/shard-calls.ts";
import type { OutcomeUnknown, SessionUnavailable, SessionUnknown } from "../../../session/session-requests.ts";
import { Sessions } from "../../../session/sessions.ts";
import type { Config } from "../../../settings/config.ts";
import type { AppEnv } from "../../edge/app-env.ts";
import { METRICS_TYPE, renderMetrics } from "./metrics.ts";
import type { CountJson, EndedJson, ErrorJson, SessionPageJson } from "./schemas.ts";
import { type CursorInvalid, type OperatorStores, sessionPage } from "./session-page.ts";

export const storesOf = (c: Context<AppEnv>, config: Config): OperatorStores => ({
  sessions: new Sessions(c.env.SESSIONS, config),
  registry: new RegistryClient(c.env.REGISTRY, config),
});

/** Why a request to the API cannot be answered. */
type ApiFailure = RegistryUnavailable | CursorInvalid | SessionUnknown | SessionUnavailable | OutcomeUnknown;

/**
 * JSON routes for scripts, and `/metrics` for Prometheus. `admit` lets only callers through who may see the whole
 * server.
 */
export function apiRoutes(config: Config, admit: MiddlewareHandler<AppEnv>): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  // Everything below /api. /api itself is a public overview, as is /openapi.json.
  routes.use("/api/:route/*", admit);
  routes.use("/metrics", admit);

  routes.get("/api/sessions/count", async (c) => {
    const count = await storesOf(c, config).registry.count(ANONYMOUS);
    if (!count.ok) return refuseApi(c, count.failure);
    return c.json<CountJson>({ active_sessions: count.value.total, by_region: { ...count.value.byRegion } });
  });

  routes.get("/api/sessions", async (c) => {
    const { principal, cursor } = c.req.query();
    const page = await sessionPage(storesOf(c, config), { principal: principal || null, cursor: cursor ?? null });
    return page.ok ? c.json<SessionPageJson>(page.value) : refuseApi(c, page.failure);
  });

  routes.delete("/api/sessions/:id", async (c) => {
    const { sessions } = storesOf(c, config);
    const session = sessions.parse(c.req.param("id"));
    if (!session.ok) return refuseApi(c, session.failure);
    const event = c.get("event");
    event.sessionId = session.value.sessionId;
    const result = await sessions.endAsOperator(session.value);
    if (!result.ok) return refuseApi(c, result.failure);
    event.action = { name: "end_session", ended: result.value.ended };
    return c.json<EndedJson>(result.value);
  });

  routes.get("/metrics", async (c) => {
    const counted = config.operationFlushMs !== null;
    const reports = await storesOf(c, config).registry.report([], Date.now(), { operations: counted });
    return c.body(renderMetrics(reports, version, counted), 200, { "Content-Type": METRICS_TYPE });
  });
  return routes;
}

/** The error response to a failure. */
export function refuseApi(c: Context<AppEnv>, failure: ApiFailure): Response {
  const { status, error } = describeApiFailure(failure);
  c.get("event").failure = failure.kind;
  if (status === 503) c.header("Retry-After", "1");
  return c.json<ErrorJson>({ error }, status);
}

function describeApiFailure(failure: ApiFailure): { status: 400 | 404 | 503; error: string } {
  switch (failure.kind) {
    case "registry_unavailable":
      return { status: 503, error: `Cannot count exactly: ${shardNames(failure.shards)} not responding. Try again` };
    case "session_unavailable":
      return { status: 503, error: `Session ${quote(failure.sessionId)} is busy. Nothing was changed. Try again` };
    case "session_unknown":
      return { status: 404, error: `${quote(failure.sessionId)} is not a session of this server. Copy the id in full` };
    case "cursor_invalid":
      return { status: 400, error: `cursor ${quote(failure.cursor)} is not a next_cursor of GET /api/sessions` };
    case "outcome_unknown":
      return {
        status: 503,
        error: `Session ${quote(failure.sessionId)} was interrupted, and it is not known whether its context was ended. Try again`,
      };
  }
}
