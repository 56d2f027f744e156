/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { type Context, Hono, type MiddlewareHandler } from "hono";
import type { HtmlEscapedString } from "hono/utils/html";
import { version } from "../../../package.json";
import type { Config } from "../../config.ts";
import { HISTORY_RANGES } from "../../registry/history.ts";
import { isLocal, ONLY_LOCAL } from "../admin-gate.ts";
import { refuse, storesOf } from "../api/api-routes.ts";
import { sessionPage } from "../api/session-page.ts";
import type { AppEnv } from "../app-env.ts";
import { LOOPBACK_HOSTS } from "../origin.ts";
import type { RegistryHealth } from "../registry-health.ts";
import { ASSETS } from "./assets.ts";
import { DashboardPage, signInOf } from "./dashboard-page.tsx";
import { PAGE_POLICY } from "./layout.tsx";
import { LiveParts } from "./live-parts.tsx";
import { snippetsFor } from "./snippets.ts";
import { StatusPage } from "./status-page.tsx";

/** Pages for people. `admit` lets through who may see the whole server. */
export function pageRoutes(
  config: Config,
  admit: MiddlewareHandler<AppEnv>,
  missingShards: RegistryHealth,
): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();

  const page = async (c: Context<AppEnv>, body: HtmlEscapedString | Promise<HtmlEscapedString>) => {
    c.header("Content-Security-Policy", PAGE_POLICY);
    return c.html(`<!doctype html>${await body}`);
  };

  routes.get("/", async (c) => {
    const { origin, hostname } = new URL(c.req.url);
    const local = LOOPBACK_HOSTS.includes(hostname);
    const { mode } = config.auth;
    return page(
      c,
      <StatusPage
        version={version}
        endpoint={`${origin}/mcp`}
        mode={mode}
        isLocal={local}
        missing={await missingShards(storesOf(c, config).registry)}
        snippets={snippetsFor(`${origin}/mcp`, mode, local)}
      />,
    );
  });

  routes.get("/dashboard", async (c) => {
    if (config.auth.mode === "none" && !isLocal(c.req.raw)) return c.text(ONLY_LOCAL, 403);
    return page(c, <DashboardPage version={version} signIn={signInOf(config.auth)} />);
  });

  routes.get("/dashboard/live", admit, async (c) => {
    const stores = storesOf(c, config);
    const { principal, cursor } = c.req.query();
    const now = Date.now();
    const [reports, sessions] = await Promise.all([
      stores.registry.report(Object.values(HISTORY_RANGES), now),
      sessionPage(stores, { principal: principal || null, cursor: cursor || null }),
    ]);
    if (!sessions.ok) return refuse(c, sessions.failure);
    return c.html(<LiveParts reports={reports} page={sessions.value} isFirstPage={!cursor} now={now} />);
  });

  routes.get("/assets/:name", (c) => {
    const asset = Object.hasOwn(ASSETS, c.req.param("name")) ? ASSETS[c.req.param("name")] : undefined;
    if (asset === undefined) return c.notFound();
    return c.body(asset.text, 200, { "Content-Type": asset.type });
  });
  return routes;
}
