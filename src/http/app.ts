import { env } from "cloudflare:workers";
import type { Implementation, McpServer } from "@modelcontextprotocol/server";
import { Hono, type MiddlewareHandler } from "hono";
import * as z from "zod";
import { version } from "../../package.json";
import { ServerSession } from "../author/server-session.ts";
import type { SessionTool } from "../author/session-tool.ts";
import { TypedState } from "../author/typed-state.ts";
import { createLogger, type Logger } from "../base/log.ts";
import { once } from "../base/once.ts";
import type { Caller } from "../call/caller.ts";
import { INTERNAL_ERROR } from "../call/session-call.ts";
import { Catalogs } from "../projects/catalogs.ts";
import { projectConfigJsonSchema } from "../projects/project-config.ts";
import { shardNames } from "../registry/layout.ts";
import { RegistryClient } from "../registry/registry-client.ts";
import { checkBindings, type SessionBindings } from "../session/bindings.ts";
import { Sessions } from "../session/sessions.ts";
import { type Config, configOf } from "../settings/config.ts";
import { createAdmission } from "./access/admit.ts";
import { createAuthenticator } from "./access/auth.ts";
import { METADATA_PATHS, resourceMetadata } from "./access/auth-metadata.ts";
import { addressKey, rateLimitKey, tooManyRequests, withinLimit } from "./access/rate-limit.ts";
import { createAdminGate } from "./admin/admin-gate.ts";
import { apiRoutes } from "./admin/api/api-routes.ts";
import { apiIndex, openApiDocument } from "./admin/api/openapi.ts";
import { dashboardFigures, pageRoutes } from "./admin/pages/page-routes.tsx";
import { createRegistryHealth } from "./admin/registry-health.ts";
import { allowedMethods } from "./edge/allowed-methods.ts";
import type { AppEnv } from "./edge/app-env.ts";
import { MCP_METHODS } from "./edge/cors.ts";
import { jsonRpcError } from "./edge/json-rpc.ts";
import { createFrame } from "./frame.ts";
import { createMcpRoute } from "./mcp/mcp-route.ts";
import { countOperations } from "./mcp/operation-metrics.ts";
import { onlyOwnNames } from "./mcp/own-names.ts";

/** The state of a server that declares none: no keys. */
type NoState = z.ZodObject<Record<never, z.ZodType>>;

/**
 * What a server factory receives for each request.
 * @example
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server";
 * import type { BuildContext } from "mcp-session-context";
 *
 * function buildServer({ caller, log }: BuildContext): McpServer {
 *   log("debug", "server_built", { era: caller.era });
 *   return new McpServer({ name: "example", version: "1.0.0" });
 * }
 * ```
 */
export interface BuildContext<State extends z.ZodObject = NoState> {
  /** The sessions that the request's tool calls refer to: working directory, project, count. */
  readonly session: ServerSession;
  /** The state values of those sessions, in the shape that was passed to `sessionApp`. */
  readonly state: TypedState<State>;
  readonly caller: Caller;
  /** Writes JSON lines, dropping those below the `LOG_LEVEL` of the deployment. */
  readonly log: Logger;
}

/**
 * Options of {@link sessionApp}.
 * @example
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server";
 * import { type SessionAppOptions, sessionApp } from "mcp-session-context";
 *
 * const options: SessionAppOptions = {
 *   buildServer: () => new McpServer({ name: "example", version: "1.0.0" }),
 *   streaming: false,
 * };
 * export default sessionApp(options);
 * ```
 */
export interface SessionAppOptions<State extends z.ZodObject = NoState> {
  /** Builds the MCP server that answers one request; called for every request, so keep it light. */
  readonly buildServer: (context: BuildContext<State>) => McpServer;
  /** State that a session keeps besides its context. Each field is a key, which may be unset. */
  readonly state?: State;
  /**
   * Whether tools send progress, logs or requests before their result (default true). False avoids creating a stream
   * for each request of the legacy era.
   */
  readonly streaming?: boolean;
  /** Whether to serve the status page at `/` and the dashboard at `/dashboard` (default true). */
  readonly pages?: boolean;
  /**
   * Tools that may be answered without the SDK if a call is well-formed. They must be those that `buildServer`
   * registers, and `serverInfo` must be the server's own.
   * @internal
   */
  readonly direct?: { readonly tools: readonly SessionTool[]; readonly serverInfo: Implementation };
  /** @internal Settings to use instead of the Worker's vars, for tests. The Durable Objects always use the vars. */
  readonly config?: Config;
}

/**
 * Turns a server factory into a Hono app that serves it at `/mcp` with sessions, to clients of both eras. The app logs one
 * line per request, sets headers, checks Host and Origin, authenticates and applies rate limits. Export it as the Worker's
 * default, together with the Durable Object classes; bind them in wrangler.toml as `SessionBindings` describes.
 * @throws Error that names the variable if a setting is invalid. At the top level of a Worker, this prevents it from starting.
 * @example
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server";
 * import { failureResult, sessionApp, sessionIdArgument } from "mcp-session-context";
 * import * as z from "zod";
 *
 * export { ProjectCatalog, SessionObject, SessionRegistry } from "mcp-session-context";
 *
 * export default sessionApp({
 *   state: z.object({ count: z.number().int() }),
 *   buildServer({ state }) {
 *     const server = new McpServer({ name: "counter", version: "1.0.0" });
 *     const inputSchema = z.object({ session_id: sessionIdArgument });
 *     server.registerTool("increment", { inputSchema }, async ({ session_id }) => {
 *       const updated = await state.update("count", (count = 0) => count + 1, session_id);
 *       if (!updated.ok) return failureResult(updated.failure);
 *       const { sessionId, value } = updated.value;
 *       return { content: [], structuredContent: { session_id: sessionId, count: value } };
 *     });
 *     return server;
 *   },
 * });
 * ```
 */
export function sessionApp<State extends z.ZodObject = NoState>(
  options: SessionAppOptions<State>,
): Hono<{ Bindings: SessionBindings }> {
  const {
    buildServer,
    state = z.object({}) as unknown as State,
    streaming = true,
    pages = true,
    direct,
    config = configOf(env),
  } = options;
  checkBindings(env, config);
  const log = createLogger(config.logLevel);
  const serveMcp = createMcpRoute({
    buildServer: (call) =>
      onlyOwnNames(
        buildServer({ session: new ServerSession(call), state: new TypedState(call, state), caller: call.caller, log }),
      ),
    streaming,
    data: direct && { tools: direct.tools, serverInfo: { ...direct.serverInfo } },
    log,
  });
  const authenticate = createAuthenticator(config, log);
  const withinRate = async (limiter: RateLimit | undefined, keyOf: () => string) =>
    limiter === undefined || !config.rateLimited || (await withinLimit(limiter, keyOf(), log));
  const countCalls = countOperations(config, direct?.tools.map(({ name }) => name) ?? []);
  const missingShards = createRegistryHealth();
  // Ignore trailing slashes: people paste addresses with one.
  const app = new Hono<AppEnv>({ strict: false });

  app.use(createFrame(config, log, countCalls));
  // OPTIONS needs no authentication.
  app.options("*", async (c, next) => {
    const allow = c.req.path === "/mcp" ? MCP_METHODS : allowedMethods(app, c.req.path);
    return allow === null ? next() : c.body(null, 204, { Allow: allow });
  });

  const admit = createAdmission(withinRate);
  const isAdmin = createAdminGate(config, authenticate);
  const admitAdmin: MiddlewareHandler<AppEnv> = async (c, next) => {
    const identity = await admit(c.req.raw, c.env.REQUEST_LIMITER, c.get("event"), isAdmin);
    return identity instanceof Response ? identity : next();
  };
  app.route("/", apiRoutes(config, admitAdmin));
  if (pages) app.get("/dashboard/live", admitAdmin, dashboardFigures(config));
  app.all("/mcp", async (c) => {
    const request = c.req.raw;
    const identity = await admit(request, c.env.REQUEST_LIMITER, c.get("event"), (from, admission) =>
      authenticate(from, "sessions", admission),
    );
    if (identity instanceof Response) return identity;
    const event = c.get("event");
    const key = () => rateLimitKey(identity, request);
    return serveMcp(request, {
      identity,
      stores: {
        sessions: new Sessions(c.env.SESSIONS, config),
        registry: new RegistryClient(c.env.REGISTRY, config),
        catalogs: new Catalogs(c.env.CATALOG, config),
      },
      event,
      chargeRequest: () => withinRate(c.env.REQUEST_LIMITER, key),
      chargeWrite: () => withinRate(c.env.CONTEXT_LIMITER, key),
      log,
    });
  });

  // Routes without authentication are charged to the address, including unknown routes and those of the author.
  app.use(async (c, next) => {
    if (await withinRate(c.env.REQUEST_LIMITER, () => addressKey(c.req.raw))) return next();
    c.get("event").failure = "rate_limited";
    return tooManyRequests("requests");
  });
  // Liveness: the Worker has started, so its configuration is valid.
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  // Readiness: the registry can also register, count and list every session.
  app.get("/readyz", async (c) => {
    const missing = await missingShards(new RegistryClient(c.env.REGISTRY, config));
    return missing.length === 0
      ? c.json({ status: "ready" })
      : c.json({ status: "degraded", error: `Not responding: ${shardNames(missing)}`, missing_shards: missing }, 503);
  });
  // Editors use it to complete and validate a project's config.
  const configSchema = once(() => JSON.stringify(projectConfigJsonSchema()));
  app.get("/schema/config.json", (c) => c.body(configSchema(), 200, { "Content-Type": "application/schema+json" }));
  const openApi = once(() => JSON.stringify(openApiDocument(config, version)));
  app.get("/openapi.json", (c) => c.body(openApi(), 200, { "Content-Type": "application/json" }));
  app.get("/api", (c) => c.json(apiIndex(config, version)));
  for (const path of METADATA_PATHS) {
    app.get(path, (c) => {
      const metadata = resourceMetadata(config, c.req.raw);
      return metadata === null ? c.notFound() : c.json(metadata);
    });
  }
  if (pages) app.route("/", pageRoutes(config, missingShards));

  app.notFound((c) => {
    const route = `${c.req.method} ${c.req.path.slice(0, 200)}`;
    const allow = allowedMethods(app, c.req.path);
    // A route can also match the method and still find nothing.
    return allow === null || allow.split(", ").includes(c.req.method)
      ? c.json({ error: `No route ${route}. The MCP endpoint is /mcp` }, 404)
      : c.json({ error: `Method not allowed: ${route}. This route has ${allow}` }, 405, { Allow: allow });
  });
  app.onError((error, c) => {
    c.get("event").failure = INTERNAL_ERROR;
    log("error", "request_threw", { request_id: c.get("requestId"), error: String(error.stack ?? error) });
    return jsonRpcError(500, -32603, `Internal error. If it persists, report request ${c.get("requestId")}`);
  });
  // Hides the variables that are internal to the middleware.
  return app as unknown as Hono<{ Bindings: SessionBindings }>;
}
