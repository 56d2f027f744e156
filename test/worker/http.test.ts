import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_BODY_BYTES } from "../../src/http/edge/limits.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { initialize, legacy, legacyTool, modern, post, request, send, tool } from "../support/mcp.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

/** Counts the calls to session objects. */
function objectCalls(): () => number {
  const spies = (["set", "get", "project", "peek", "end", "delete"] as const).map((name) =>
    vi.spyOn(SessionObject.prototype, name),
  );
  return () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
}

const remove = (session?: string, headers: Record<string, string> = {}) =>
  send("/mcp", {
    method: "DELETE",
    headers: { host: "localhost", ...(session ? { "mcp-session-id": session } : {}), ...headers },
  });

describe("the legacy era", () => {
  it("gets a fresh session id from each initialize, which stores nothing and wakes no object", async () => {
    const calls = objectCalls();
    const register = vi.spyOn(SessionRegistry.prototype, "register");
    const ids = await Promise.all(Array.from({ length: 20 }, initialize));
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^sess_[A-Za-z0-9_-]{43}$/);
    expect(calls()).toBe(0);
    expect(register).not.toHaveBeenCalled();
  });

  it("gets no session id from a failed initialize", async () => {
    const answer = await post(request("initialize", {}));
    expect(answer.body.error).toBeDefined();
    expect(answer.headers.get("mcp-session-id")).toBeNull();
  });

  it("uses the header's session, and an argument overrides it", async () => {
    const [mine, other] = [await initialize(), await initialize()];
    await legacyTool("set_working_directory", { directory: "/mine" }, mine);
    await legacyTool("set_working_directory", { directory: "/other", session_id: other }, mine);
    expect((await legacyTool("get_working_directory", {}, mine)).data.working_directory).toBe("/mine");
    expect((await legacyTool("get_working_directory", {}, other)).data.working_directory).toBe("/other");
  });

  it("has no default session without the header", async () => {
    const set = await legacyTool("set_working_directory", { directory: "/a" });
    expect(set.data).toMatchObject({ success: true, created: true });
    expect((await legacyTool("get_working_directory")).data).toMatchObject({
      session_id: null,
      working_directory: null,
    });
    expect((await legacyTool("end_session")).data).toMatchObject({ session_id: null, ended: false });
  });

  it("is answered 404 for a malformed, made-up or foreign session header, without waking an object", async () => {
    const calls = objectCalls();
    const foreign = new Sessions(env.REGISTRY as never, parseConfig({})).mint().sessionId;
    const good = await initialize();
    const flipped = good.slice(0, 20) + (good[20] === "A" ? "B" : "A") + good.slice(21);
    for (const session of ["x", "sess_", foreign, flipped, "0".repeat(64), good.toLowerCase()]) {
      for (const method of ["tools/list", "ping", "tools/call"]) {
        const answer = await legacy(method, { name: "get_session_count" }, session);
        expect(answer).toMatchObject({ status: 404, body: { error: { code: -32001 }, id: 7 } });
      }
      expect((await remove(session)).status).toBe(404);
    }
    expect(calls()).toBe(0);
  });

  it("ends a session with DELETE: 404 from then on by header; by argument it can begin anew", async () => {
    const session = await initialize();
    await legacyTool("set_working_directory", { directory: "/a" }, session);
    expect((await remove(session)).status).toBe(204);
    for (const method of ["tools/list", "ping", "notifications/initialized", "no/such"]) {
      expect((await legacy(method, {}, session)).status, method).toBe(404);
    }
    for (const [name, args] of [
      ["get_working_directory", {}],
      ["set_working_directory", { directory: "/b" }],
      ["set_working_directory", { directory: "not absolute" }],
      ["get_session_count", {}],
      ["end_session", {}],
    ] as const) {
      expect((await legacyTool(name, args, session)).status, name).toBe(404);
    }
    expect((await remove(session)).status).toBe(404);
    expect((await tool("get_session_count")).data.active_sessions).toBe(0);
    for (const call of [tool, legacyTool]) {
      const got = await call("get_working_directory", { session_id: session });
      expect(got).toMatchObject({ status: 200, isError: false, data: { working_directory: null } });
      expect(got.text).toContain("Call set_working_directory with this session_id");
      const set = await call("set_working_directory", { session_id: session, directory: "/again" });
      expect(set).toMatchObject({ status: 200, data: { session_id: session, working_directory: "/again" } });
      expect((await legacyTool("get_working_directory", {}, session)).status).toBe(404);
      // Header and argument name the same session: by header it is over, and its client must initialize again.
      expect((await legacyTool("get_working_directory", { session_id: session }, session)).status).toBe(404);
      expect((await call("end_session", { session_id: session })).data.ended).toBe(true);
    }
  });

  it("must send a session to DELETE", async () => {
    expect((await remove()).status).toBe(400);
  });

  it.each(["GET", "PUT", "PATCH"])("is answered 405 to %s", async (method) => {
    const response = await send("/mcp", { method, headers: { host: "localhost", accept: "text/event-stream" } });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST, DELETE, OPTIONS");
  });

  it("is answered 400 for an unknown version", async () => {
    expect((await post(request("tools/list"), { "mcp-protocol-version": "1999-01-01" })).status).toBe(400);
  });

  it("may send batches up to 2025-03-26, and is refused them from 2025-06-18 on", async () => {
    const batch = [request("ping"), { ...request("tools/list"), id: 8 }];
    const served = await post(batch, { "mcp-protocol-version": "2025-03-26" });
    expect(served.status).toBe(200);
    expect(served.body).toHaveLength(2);
    for (const version of ["2025-06-18", "2025-11-25"]) {
      expect(await post(batch, { "mcp-protocol-version": version })).toMatchObject({
        status: 400,
        body: { error: { code: -32600 } },
      });
    }
    expect((await post(batch, { "mcp-protocol-version": "2026-07-28" })).status).toBe(400);
  });

  it("gets a JSON-RPC error for an unknown method", async () => {
    expect(await legacy("no/such")).toMatchObject({ status: 200, body: { error: { code: -32601 } } });
  });
});

describe("the modern era", () => {
  it("has no sessions in headers: none is issued, and a stray or even a wrong one is ignored", async () => {
    const stray = await initialize();
    await legacyTool("set_working_directory", { directory: "/stray" }, stray);
    const answer = await modern(
      "tools/call",
      { name: "get_working_directory", arguments: {} },
      { "mcp-session-id": stray },
    );
    expect(answer.body.result?.structuredContent).toMatchObject({ session_id: null, working_directory: null });
    expect(answer.headers.get("mcp-session-id")).toBeNull();
    expect(await tool("get_working_directory", {}, { "mcp-session-id": "wrong" })).toMatchObject({
      status: 200,
      isError: false,
    });
  });

  it("answers an unknown method with 404, an unsupported version with 400, DELETE with 405", async () => {
    expect(await modern("no/such")).toMatchObject({ status: 404, body: { error: { code: -32601 } } });
    const meta = {
      "io.modelcontextprotocol/protocolVersion": "2099-01-01",
      "io.modelcontextprotocol/clientCapabilities": {},
    };
    const unsupported = await post(request("tools/list", { _meta: meta }), {
      "mcp-protocol-version": "2099-01-01",
      "mcp-method": "tools/list",
    });
    expect(unsupported).toMatchObject({ status: 400, body: { error: { code: -32022 } } });
    expect((await remove(await initialize(), { "mcp-protocol-version": "2026-07-28" })).status).toBe(405);
  });

  it("discovers the server with instructions for a model", async () => {
    const { body } = await modern("server/discover");
    expect(body.result).toMatchObject({ supportedVersions: ["2026-07-28"] });
    expect(body.result?.instructions).toContain("session_id");
  });
});

describe("a request that is no MCP message", () => {
  it.each([
    ["malformed JSON", "{", {}, 400, -32700],
    ["an empty body", "", {}, 400, -32700],
    ["JSON that is no message", "[1, 2]", {}, 400, undefined],
    ["a number", "7", {}, 400, undefined],
    ["null", "null", {}, 400, undefined],
    ["another content type", "{}", { "content-type": "text/plain" }, 415, undefined],
    ["no content type", "{}", { "content-type": null }, 415, undefined],
    ["an Accept without JSON and event streams", "{}", { accept: "text/html" }, 406, undefined],
    ["a body over the limit", `"${"x".repeat(MAX_BODY_BYTES)}"`, {}, 413, undefined],
    ["a foreign host", "{}", { host: "evil.example" }, 403, undefined],
    ["a foreign origin", "{}", { origin: "https://evil.example" }, 403, undefined],
  ] as const)("%s is refused with its status", async (_what, body, headers, status, code) => {
    const answer = await post(body, headers);
    expect(answer.status).toBe(status);
    expect(answer.body.error?.message).toBeTruthy();
    if (code !== undefined) expect(answer.body.error?.code).toBe(code);
  });
});

describe("tools", () => {
  it("are described by title, description, schemas and annotations", async () => {
    const { body } = await modern("tools/list");
    const tools = body.result?.tools as Record<string, unknown>[];
    expect(tools.map(({ name }) => name)).toEqual([
      "set_working_directory",
      "get_working_directory",
      "get_session_context",
      "get_session_count",
      "list_sessions",
      "end_session",
      "resolve_project",
      "register_project",
      "list_projects",
      "remove_project",
      "set_active_project",
    ]);
    for (const entry of tools) {
      expect(entry).toMatchObject({
        title: expect.any(String),
        description: expect.any(String),
        inputSchema: { type: "object" },
        outputSchema: { type: "object" },
        annotations: { openWorldHint: false },
      });
    }
  });

  it("refuse a bad path with a specific message, and keep the stored value", async () => {
    const id = (await tool("set_working_directory", { directory: "/good" })).data.session_id;
    const bad = await tool("set_working_directory", { directory: "src/app", session_id: id });
    expect(bad.isError).toBe(true);
    expect(bad.text).toContain('"src/app" is not an absolute path');
    expect((await tool("get_working_directory", { session_id: id })).data.working_directory).toBe("/good");
  });

  it("explain to an anonymous caller why there is no list", async () => {
    const answer = await tool("list_sessions");
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain("without a token");
  });

  it("show only a reference for an unexpected error", async () => {
    vi.spyOn(SessionObject.prototype, "get").mockImplementation(() => {
      throw new Error("secret detail");
    });
    const id = await initialize();
    const answer = await tool("get_working_directory", { session_id: id });
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toMatch(/^Internal error in get_working_directory.*reference [0-9a-f-]{36}$/);
    const peek = vi.spyOn(SessionObject.prototype, "peek").mockImplementation(() => {
      throw new Error("secret detail");
    });
    const list = await legacy("tools/list", {}, id);
    expect(peek).toHaveBeenCalled();
    expect(list.status).toBe(500);
    expect(JSON.stringify(list.body)).not.toContain("secret");
  });
});

describe("calls to a session object", () => {
  it("are at most one per MCP call, including the header check, and none for modern tools/list", async () => {
    const session = await initialize();
    const steps: [string, () => Promise<unknown>, number][] = [
      ["first set", () => legacyTool("set_working_directory", { directory: "/a" }, session), 1],
      ["get", () => legacyTool("get_working_directory", {}, session), 1],
      ["get by argument", () => legacyTool("get_working_directory", { session_id: session }), 1],
      [
        "get of another session than the header's",
        async () => legacyTool("get_working_directory", { session_id: session }, await initialize()),
        1,
      ],
      ["count", () => legacyTool("get_session_count", {}, session), 1],
      ["legacy tools/list", () => legacy("tools/list", {}, session), 1],
      ["legacy tools/list without session", () => legacy("tools/list"), 0],
      ["modern tools/list", () => modern("tools/list"), 0],
      ["modern discover", () => modern("server/discover"), 0],
      ["modern get without session", () => tool("get_working_directory"), 0],
      ["modern get of a made-up session", () => tool("get_working_directory", { session_id: "sess_x" }), 0],
      ["bad path", () => tool("set_working_directory", { directory: "x" }), 0],
      ["end", () => legacyTool("end_session", {}, session), 1],
    ];
    for (const [what, step, expected] of steps) {
      const calls = objectCalls();
      await step();
      expect(calls(), what).toBe(expected);
      vi.restoreAllMocks();
    }
  });
});

describe("other routes", () => {
  it("are /healthz, and 404 for the rest", async () => {
    const health = await send("/healthz", { headers: { host: "localhost" } });
    expect([health.status, await health.json()]).toEqual([200, { status: "ok" }]);
    expect((await send("/nothing", { headers: { host: "localhost" } })).status).toBe(404);
  });
});
