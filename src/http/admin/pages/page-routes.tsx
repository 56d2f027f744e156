/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { type Context, type Handler, Hono } from "hono";
import type { HtmlEscapedString } from "hono/utils/html";
import { version } from "../../../../package.json";
import { once } from "../../../base/once.ts";
import { HISTORY_RANGES } from "../../../registry/history.ts";
import type { Config } from "../../../settings/config.ts";
import type { AppEnv } from "../../edge/app-env.ts";
import { baseUrlOf } from "../../edge/base-url.ts";
import { LOOPBACK_HOSTS } from "../../edge/origin.ts";
import { NO_OPERATOR_KEY } from "../admin-gate.ts";
import { refuseApi, storesOf } from "../api/api-routes.ts";
import { sessionPage } from "../api/session-page.ts";
import type { RegistryHealth } from "../registry-health.ts";
import { ASSETS } from "./assets.ts";
import { DashboardPage, signInOf } from "./dashboard-page.tsx";
import { PAGE_POLICY } from "./layout.tsx";
import { LiveParts } from "./live-parts.tsx";
import { snippetsFor } from "./snippets.ts";
import { StatusPage } from "./status-page.tsx";

/** Pages for people, open to everybody. */
export function pageRoutes(config: Config, missingShards: RegistryHealth): Hono<AppEnv> {
  const routes = new Hono<AppEnv>();
  const page = (c: Context<AppEnv>, html: string) => {
    c.header("Content-Security-Policy", PAGE_POLICY);
    return c.html(html);
  };

  /** The last rendered status page. Reused while endpoint and health stay the same, which is the usual case. */
  let status = { state: "", html: "" };
  routes.get("/", async (c) => {
    const base = baseUrlOf(config, c.req.raw);
    const endpoint = `${base}/mcp`;
    const missing = await missingShards(storesOf(c, config).registry);
    const state = `${endpoint} ${missing.join(",")}`;
    if (status.state !== state) {
      const local = LOOPBACK_HOSTS.includes(new URL(base).hostname);
      const { mode } = config.auth;
      const snippets = snippetsFor(endpoint, mode, local);
      const html = await render(<StatusPage {...{ version, endpoint, mode, isLocal: local, missing, snippets }} />);
      status = { state, html };
    }
    return page(c, status.html);
  });

  const dashboard = once(() => render(<DashboardPage version={version} signIn={signInOf(config.auth)} />));
  routes.get("/dashboard", async (c) => {
    if (config.auth.mode === "none" && config.auth.operatorKey === null) return c.text(NO_OPERATOR_KEY, 403);
    return page(c, await dashboard());
  });

  routes.get("/assets/:name", (c) => {
    const asset = Object.hasOwn(ASSETS, c.req.param("name")) ? ASSETS[c.req.param("name")] : undefined;
    if (asset === undefined) return c.notFound();
    return c.body(asset.text, 200, { "Content-Type": asset.type });
  });
  return routes;
}

/** The figures of the dashboard, for callers who may see the whole server. */
export const dashboardFigures =
  (config: Config): Handler<AppEnv> =>
  async (c) => {
    const stores = storesOf(c, config);
    const { principal, cursor } = c.req.query();
    const now = Date.now();
    const [reports, sessions] = await Promise.all([
      stores.registry.report(Object.values(HISTORY_RANGES), now),
      sessionPage(stores, { principal: principal || null, cursor: cursor || null }),
    ]);
    if (!sessions.ok) return refuseApi(c, sessions.failure);
    return c.html(<LiveParts reports={reports} page={sessions.value} isFirstPage={!cursor} now={now} />);
  };

const render = async (body: HtmlEscapedString | Promise<HtmlEscapedString>): Promise<string> =>
  `<!doctype html>${await body}`;
