import { beforeAll, describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/auth-tokens.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { type Send, startApp } from "../support/apps.ts";
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
  it.each(["/", "/dashboard"])("%s runs and loads nothing but this server's own files", async (path) => {
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

  it("say plainly that a deployed server without authentication is open, and say nothing of it on this machine", async () => {
    const open = startApp();
    expect((await get("/", { app: open })).text).toContain("This server is open");
    expect((await get("/", { app: open, host: "localhost" })).text).not.toContain("This server is open");
    expect((await get("/")).text).not.toContain("This server is open");
  });

  it("say which shard does not respond, asking the registry no more often than once in a while", async () => {
    shardDown(1);
    const app = startApp();
    await get("/", { app });
    expect((await get("/", { app })).text).toContain("Degraded: registry shard 1 not responding");
    expect((await get("/readyz", { app })).status).toBe(503);
    expect(SessionRegistry.prototype.report).toHaveBeenCalledTimes(16);
    vi.restoreAllMocks();
    expect((await get("/", { app: startApp() })).text).toContain("Healthy: all registry shards responding");
  });

  it("quote the host that was asked for as text", async () => {
    const app = startApp({ ALLOWED_HOSTS: "*.example.com" });
    const { text } = await get("/", { app, host: "a.example.com" });
    expect(text).toContain("https://a.example.com/mcp");
  });
});

describe("the dashboard", () => {
  it("gives its frame to everybody, and its figures to the scope admin alone", async () => {
    expect((await get("/dashboard")).text).not.toContain("active session");
    expect((await get("/dashboard/live")).status).toBe(401);
    const { status, text } = await get("/dashboard/live", { headers: { Authorization: `Bearer ${admin}` } });
    expect(status).toBe(200);
    expect(text).toContain("active session");
    expect(text.match(/class="point"/g)).toHaveLength(60 + 24 + 30);
  });

  it("is for this machine only where there is no authentication", async () => {
    const open = startApp();
    for (const path of ["/dashboard", "/dashboard/live"]) {
      expect((await get(path, { app: open })).status).toBe(403);
      expect((await get(path, { app: open, host: "localhost" })).status).toBe(200);
      const headers = { "CF-Connecting-IP": "192.168.1.5" };
      expect((await get(path, { app: open, host: "localhost", headers })).status).toBe(403);
    }
  });

  it("shows what the other shards have and says which one is missing", async () => {
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

  it("says where sessions began, wherever they are registered", async () => {
    await registryShard(2).register(
      { sessionId: `sess_${"A".repeat(43)}`, openedAt: Date.now(), principal: "alice", client: null, region: "weur" },
      0,
    );
    const { text } = await get("/dashboard/live", { headers: { Authorization: `Bearer ${admin}` } });
    expect(text).toMatch(/Europe, west<\/th><td class="number">1</);
    expect(text).toMatch(/South America<\/th><td class="number">0</);
  });
});
