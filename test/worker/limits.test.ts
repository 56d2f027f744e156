import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { decodeSessionId } from "../../src/model/session-id.ts";
import { RegistryClient } from "../../src/registry/registry-client.ts";
import { parseConfig } from "../../src/settings/config.ts";
import {
  callTool,
  deletion,
  ENDPOINT,
  ERAS,
  initialize,
  message,
  OPERATOR_KEY,
  post,
  type Send,
  startApp,
  watch,
} from "../support/apps.ts";
import { EMPTY, storageOf, stubOf } from "../support/objects.ts";

afterEach(() => vi.restoreAllMocks());

/** A limiter that allows `limit` calls in total per key, and records the keys. */
function limiter(limit: number) {
  const used = new Map<string, number>();
  const binding: RateLimit = {
    async limit({ key }) {
      const count = (used.get(key) ?? 0) + 1;
      used.set(key, count);
      return { success: count <= limit };
    },
  };
  return { binding, used };
}

const from = (address: string) => ({ "cf-connecting-ip": address });
const set = (options: Parameters<typeof callTool>[2]) =>
  callTool("set_working_directory", { directory: "/a" }, options);

describe("the rate limit", () => {
  it("answers 429 with Retry-After to an address that is too fast, and serves the others", async () => {
    const { binding, used } = limiter(3);
    const send = startApp({ RATE_LIMITS: "on" }, { REQUEST_LIMITER: binding });
    const statuses = [];
    for (let i = 0; i < 5; i++) {
      const answer = await send(initialize({ headers: from("192.0.2.1") }));
      statuses.push(answer.status);
      if (answer.status === 429) expect(answer.headers.get("Retry-After")).toBe("60");
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
    expect((await send(initialize({ headers: from("192.0.2.2") }))).status).toBe(200);
    expect([...used.keys()]).toEqual(["address 192.0.2.1", "address 192.0.2.2"]);
  });

  it("counts by principal if one is known, wherever it calls from, and refused callers by address", async () => {
    const { token, secret } = await createToken("alice", ["sessions"]);
    const { binding, used } = limiter(2);
    const send = startApp({ RATE_LIMITS: "on", AUTH_MODE: "token", AUTH_TOKENS: secret }, { REQUEST_LIMITER: binding });
    const statuses = [];
    for (let i = 0; i < 3; i++) {
      statuses.push((await send(initialize({ token, headers: from(`192.0.2.${i}`) }))).status);
      statuses.push((await send(initialize({ token: "guess", headers: from("192.0.2.9") }))).status);
    }
    expect(statuses).toEqual([200, 401, 200, 401, 429, 429]);
    expect(used).toEqual(
      new Map([
        ["principal token:alice", 3],
        ["address 192.0.2.9", 3],
      ]),
    );
  });

  it("charges pages, documents and unknown paths to the address, once per request", async () => {
    const paths = ["/", "/dashboard", "/assets/pages.css", "/openapi.json", "/schema/config.json", "/healthz"];
    paths.push("/.well-known/oauth-protected-resource", "/nowhere", "/api/sessions/count", "/dashboard/live");
    const { binding, used } = limiter(paths.length);
    const send = startApp({ RATE_LIMITS: "on", OPERATOR_KEY }, { REQUEST_LIMITER: binding });
    const get = (path: string) =>
      send(new Request(new URL(path, ENDPOINT), { headers: { Host: new URL(ENDPOINT).host, ...from("192.0.2.3") } }));
    for (const path of paths) expect((await get(path)).status, path).not.toBe(429);
    expect(used).toEqual(new Map([["address 192.0.2.3", paths.length]]));
    for (const path of paths) {
      const refused = await get(path);
      expect(refused.status, path).toBe(429);
      expect(refused.headers.get("Retry-After")).toBe("60");
    }
  });

  it.each(ERAS)(
    "of beginning contexts is charged before any object is called, and answered with 429 (%s)",
    async (era) => {
      const { binding, used } = limiter(2);
      const { namespace, asked } = watch(env.SESSIONS);
      const send = startApp({ RATE_LIMITS: "on" }, { CONTEXT_LIMITER: binding, SESSIONS: namespace });
      const options = { era, headers: from("2001:db8::1") };
      for (let i = 0; i < 2; i++) expect((await send(set(options))).status).toBe(200);
      const before = asked();
      const refused = await send(set(options));
      expect(refused.status).toBe(429);
      expect(refused.headers.get("Retry-After")).toBe("60");
      expect(refused.json).toMatchObject({
        id: 1,
        error: { message: expect.stringContaining("calls that store something") },
      });
      expect(asked()).toBe(before);
      // Another of the countless addresses in the same customer's network.
      expect((await send(set({ era, headers: from("2001:db8::ffff:1") }))).status).toBe(429);
      expect((await send(set({ era, headers: from("2001:db8:1::1") }))).status).toBe(200);
      // Reading still works.
      expect((await send(callTool("get_working_directory", {}, options))).status).toBe(200);
      expect(used.size).toBe(2);
    },
  );

  it("of beginning contexts charges each message of a batch, and returns the answers of those that passed", async () => {
    const { binding } = limiter(2);
    const send = startApp({ RATE_LIMITS: "on" }, { CONTEXT_LIMITER: binding });
    const one = (id: number) => ({
      ...message("legacy", "tools/call", { name: "set_working_directory", arguments: { directory: "/a" } }),
      id,
    });
    const headers = { "MCP-Protocol-Version": "2025-03-26" };
    const answer = await send(post([one(1), one(2), one(3), one(4)], { headers }));
    expect(answer.status).toBe(200);
    expect(answer.text.match(/"isError":true/g)).toHaveLength(2);
    expect(answer.text.match(/"success":true/g)).toHaveLength(2);
  });

  it("of writes charges each change of a catalog, with a session or without, and no read", async () => {
    const { token, secret } = await createToken("alice", ["sessions"]);
    const vars = { RATE_LIMITS: "on", AUTH_MODE: "token", AUTH_TOKENS: secret };
    const config = { version: "1.0", project: { name: "shop" } };
    for (const inSession of [true, false]) {
      const { binding, used } = limiter(inSession ? 4 : 3);
      const send = startApp(vars, { CONTEXT_LIMITER: binding });
      const session_id = inSession
        ? (await send(set({ token }))).json.result?.structuredContent?.session_id
        : undefined;
      const call = (tool: string, args: object) => send(callTool(tool, { ...args, session_id }, { token }));
      const statuses = [
        (await call("register_project", { root: "/shop", config })).status,
        (await call("set_active_project", { project: "shop" })).status,
        (await call("list_projects", {})).status,
        (await call("resolve_project", { project: "shop" })).status,
        (await call("remove_project", { root: "/shop" })).status,
        (await call("register_project", { root: "/shop", config })).status,
      ];
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
      expect([...used.values()]).toEqual([inSession ? 5 : 4]);
      const listed = await call("list_projects", {});
      expect(listed.json.result?.structuredContent?.projects).toEqual([]);
    }
  });

  it("of writes charges the tombstone of a session without a context, and stores nothing if it refuses one", async () => {
    const { binding } = limiter(2);
    const send = startApp({ RATE_LIMITS: "on" }, { CONTEXT_LIMITER: binding });
    const open = async () => (await send(initialize())).headers.get("Mcp-Session-Id") ?? "";
    const sessions = [await open(), await open(), await open(), await open()];
    const statuses = [];
    for (const session of sessions) statuses.push((await send(deletion(session))).status);
    expect(statuses).toEqual([204, 204, 429, 429]);
    const ping = async (session = "") => (await send(post(message("legacy", "ping"), { session }))).status;
    const [buried, , refused] = sessions;
    expect([await ping(buried), await ping(refused)]).toEqual([404, 200]);
    const storage = (session = "") => storageOf(stubOf(decodeSessionId(session) ?? ""));
    expect(await storage(refused)).toEqual(EMPTY);
    // One value and the alarm that deletes it.
    expect(await storage(buried)).toEqual({ kv: 1, tables: 0, alarm: expect.any(Number) });
  });

  it("of writes never prevents a client from ending a context", async () => {
    const { binding } = limiter(1);
    const send = startApp({ RATE_LIMITS: "on" }, { CONTEXT_LIMITER: binding });
    const session = (await send(initialize())).headers.get("Mcp-Session-Id") ?? "";
    expect((await send(set({ session }))).status).toBe(200);
    const before = await count();
    expect((await send(deletion(session))).status).toBe(204);
    expect(await count()).toBe(before - 1);
  });

  it("lets requests pass if the limiter itself fails, and logs that", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
    const binding: RateLimit = { limit: () => Promise.reject(new Error("down")) };
    const send = startApp({ RATE_LIMITS: "on", LOG_LEVEL: "warn" }, { REQUEST_LIMITER: binding });
    expect((await send(initialize())).status).toBe(200);
    expect(lines.join()).toContain("rate_limiter_failed");
  });
});

describe("a flood", () => {
  const initializes = 20_000;

  it(`of ${initializes} initializes stores nothing and wakes no object`, { timeout: 120_000 }, async () => {
    const { namespace, asked } = watch(env.SESSIONS);
    const before = await count();
    const send = startApp({}, { SESSIONS: namespace });
    expect(await statuses(initializes, () => send(initialize()))).toEqual({ 200: initializes });
    expect(asked()).toBe(0);
    expect(await count()).toBe(before);
  });

  it("of 2,000 first sets from one caller ends in 429s and a bounded number of contexts, while others are served", {
    timeout: 120_000,
  }, async () => {
    const before = await count();
    // The platform's own limiter, configured in wrangler.toml: 300 a minute. The flood may span two windows.
    const send = startApp({ RATE_LIMITS: "on" });
    const flood = statuses(2000, () => send(set({ headers: from("198.51.100.1") })));
    const others = statuses(50, (i) => send(set({ headers: from(`203.0.113.${i}`) })));
    const [flooded, served] = await Promise.all([flood, others]);
    expect(served).toEqual({ 200: 50 });
    expect(flooded[200]).toBeGreaterThanOrEqual(300);
    expect(flooded[200]).toBeLessThanOrEqual(600);
    expect(flooded[429]).toBe(2000 - (flooded[200] ?? 0));
    expect(await count()).toBe(before + (flooded[200] ?? 0) + 50);
  });
});

/** Sends `total` requests, 20 at a time, and counts the answers by status. */
async function statuses(total: number, ask: (i: number) => ReturnType<Send>): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  let next = 0;
  const worker = async () => {
    while (next < total) {
      const { status } = await ask(next++);
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, worker));
  return counts;
}

async function count(): Promise<number> {
  const counted = await new RegistryClient(env.REGISTRY, parseConfig({})).count(ANONYMOUS);
  if (!counted.ok) throw new Error("The registry does not answer");
  return counted.value.total;
}
