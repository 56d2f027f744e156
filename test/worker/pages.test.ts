import { beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createToken } from "../../scripts/token/create-token.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { AS_OPERATOR, OPERATOR_KEY, type Send, startApp } from "../support/apps.ts";
import { registryShard } from "../support/objects.ts";
import { shardDown } from "../support/shard-down.ts";

const HOST = "mcp.example.workers.dev";
let send: Send;
let admin: string;

beforeAll(async () => {
  const { token, secret } = await createToken("root", ["admin"]);
  admin = token;
  send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret });
});

const get = (path: string, { app = send, host = HOST, headers = {} }: Get = {}) =>
  app(new Request(`https://${host}${path}`, { headers: { Host: host, ...headers } }));
interface Get {
  readonly app?: Send;
  readonly host?: string;
  readonly headers?: Record<string, string>;
}

describe("pages", () => {
  it.each(["/", "/dashboard"])("%s runs and loads only this server's own files", async (path) => {
    const { headers, text, status } = await get(path);
    expect(status).toBe(200);
    const policy = headers.get("Content-Security-Policy") ?? "";
    expect(policy).toContain("default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("X-Frame-Options")).toBe("DENY");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(text).not.toMatch(/<script>|<style|\son\w+=|\sstyle=/);
    for (const [, url = ""] of text.matchAll(/(?:src|href)="(\/assets\/[^"]*)"/g)) {
      expect((await get(url)).status).toBe(200);
    }
    expect((await get("/assets/__proto__")).status).toBe(404);
  });

  it("say plainly that a deployed server without authentication is open, and nothing of it on this machine", async () => {
    const open = startApp();
    expect((await get("/", { app: open })).text).toContain("This server is open");
    expect((await get("/", { app: open, host: "localhost" })).text).not.toContain("This server is open");
    expect((await get("/")).text).not.toContain("This server is open");
  });

  it("report the shard that does not respond, with a limited rate of registry calls", async () => {
    shardDown(1);
    const app = startApp();
    await get("/", { app });
    expect((await get("/", { app })).text).toContain("Degraded: registry shard 1 not responding");
    expect((await get("/readyz", { app })).status).toBe(503);
    expect(SessionRegistry.prototype.report).toHaveBeenCalledTimes(16);
    vi.restoreAllMocks();
    expect((await get("/", { app: startApp() })).text).toContain("Healthy: all registry shards responding");
  });

  it("contain the requested host, also after requests for another one", async () => {
    const app = startApp({ ALLOWED_HOSTS: "*.example.com" });
    for (const host of ["a.example.com", "b.example.com", "a.example.com"]) {
      const { text } = await get("/", { app, host });
      expect(text.match(/https:\/\/[a-z.]+\/mcp/g)?.every((url) => url === `https://${host}/mcp`)).toBe(true);
    }
  });

  it("and documents are built once, however often they are requested", async () => {
    const app = startApp();
    const schema = vi.spyOn(z, "toJSONSchema");
    const paths = ["/openapi.json", "/schema/config.json"];
    const first = await Promise.all(paths.map((path) => get(path, { app })));
    const built = schema.mock.calls.length;
    const again = await Promise.all(paths.map((path) => get(path, { app })));
    expect(again.map(({ text }) => text)).toEqual(first.map(({ text }) => text));
    expect(built).toBeGreaterThan(0);
    expect(schema.mock.calls.length).toBe(built);
    vi.restoreAllMocks();
  });
});

describe("the dashboard", () => {
  it("shows its frame to everybody, and its figures to the scope admin alone", async () => {
    expect((await get("/dashboard")).text).not.toContain("active session");
    expect((await get("/dashboard/live")).status).toBe(401);
    const { status, text } = await get("/dashboard/live", { headers: { Authorization: `Bearer ${admin}` } });
    expect(status).toBe(200);
    expect(text).toContain("active session");
    expect(text.match(/class="point"/g)).toHaveLength(60 + 24 + 30);
  });

  it("asks for the operator key if there is no authentication, and is closed if no key is set", async () => {
    const open = startApp({ OPERATOR_KEY });
    const frame = await get("/dashboard", { app: open });
    expect(frame.text).toContain("Operator key");
    expect(frame.text).not.toContain(OPERATOR_KEY);
    expect((await get("/dashboard/live", { app: open })).status).toBe(401);
    expect((await get("/dashboard/live", { app: open, headers: AS_OPERATOR })).status).toBe(200);
    const closed = startApp();
    for (const path of ["/dashboard", "/dashboard/live"]) {
      expect((await get(path, { app: closed, host: "localhost" })).status).toBe(403);
    }
  });

  it("shows the data of the other shards and reports the missing one", async () => {
    const headers = { Authorization: `Bearer ${admin}` };
    expect((await get("/dashboard/live", { headers })).text).not.toContain("Degraded");
    shardDown(1);
    const { status, text } = await get("/dashboard/live", { headers });
    vi.restoreAllMocks();
    expect(status).toBe(200);
    expect(text).toContain("Degraded: registry shard 1 not responding");
    expect(text).toContain("on the shards that respond");
    expect(text).toMatch(/1 \(enam\)<\/th><td class="number">no response/);
    expect(text.match(/class="point"/g)).toHaveLength(60 + 24 + 30);
  });

  it("shows where sessions began, wherever they are registered", async () => {
    await registryShard(2).register(
      { sessionId: `sess_${"A".repeat(43)}`, openedAt: Date.now(), principal: "alice", client: null, region: "weur" },
      0,
    );
    const { text } = await get("/dashboard/live", { headers: { Authorization: `Bearer ${admin}` } });
    expect(text).toMatch(/Europe, west<\/th><td class="number">1</);
    expect(text).toMatch(/South America<\/th><td class="number">0</);
  });
});
