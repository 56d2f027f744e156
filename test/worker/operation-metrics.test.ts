/** Calls by tool and outcome at `/metrics`: what isolates have counted, added up, each report once. */
import { createExecutionContext, reset, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { McpServer } from "@modelcontextprotocol/server";
import parsePrometheus from "parse-prometheus-text-format";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { parseConfig } from "../../src/config.ts";
import { type SessionAppOptions, sessionApp } from "../../src/http/app.ts";
import { buildServer, SERVER_INFO, TOOLS } from "../../src/mcp/server.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { AS_OPERATOR, callTool, deletion, initialize, message, OPERATOR_KEY, post, startApp } from "../support/apps.ts";
import { registryShard } from "../support/objects.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const UNKNOWN = `sess_${"A".repeat(43)}`;
const FLUSH_MS = 30;
const config = { ...parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATOR_KEY }), operationFlushMs: FLUSH_MS };
const own = { buildServer, streaming: false, direct: { tools: TOOLS, serverInfo: SERVER_INFO } };

/** An app with a counter of its own, as each isolate has one. `settle` resolves when it has reported what it has counted. */
function startIsolate(options: SessionAppOptions = own) {
  const app = sessionApp({ ...options, config });
  const contexts: ExecutionContext[] = [];
  return {
    async send(request: Request): Promise<string> {
      const ctx = createExecutionContext();
      contexts.push(ctx);
      return (await app.fetch(request, env, ctx)).text();
    },
    async settle(): Promise<void> {
      await Promise.all(contexts.splice(0).map(waitOnExecutionContext));
    },
  };
}

async function metrics(send: (request: Request) => Promise<string>): Promise<string> {
  return send(new Request("http://localhost/metrics", { headers: { Host: "localhost", ...AS_OPERATOR } }));
}

/** Calls by `tool outcome`, as a scrape sees them. */
async function operations(): Promise<Record<string, number>> {
  const isolate = startIsolate();
  const family = parsePrometheus(await metrics(isolate.send)).find(
    ({ name }) => name === "mcp_session_context_operations_total",
  );
  expect(family?.type).toBe("COUNTER");
  return Object.fromEntries(
    (family?.metrics ?? []).flatMap(({ labels, value }) =>
      labels === undefined ? [] : [[`${labels.tool} ${labels.outcome}`, Number(value)]],
    ),
  );
}

async function rowsOf(table: string): Promise<number> {
  const counts = Array.from({ length: config.registryShards }, (_, shard) =>
    runInDurableObject(registryShard(shard), (_, { storage }) =>
      storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = ?", table).toArray().length === 0
        ? 0
        : storage.sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table}`).one().n,
    ),
  );
  return (await Promise.all(counts)).reduce((sum, n) => sum + n, 0);
}

describe("operations by tool and outcome", () => {
  it("name each call of this server's tools with how it ended, whichever way it took", async () => {
    const { send, settle } = startIsolate();
    await send(callTool("set_working_directory", { directory: "/a" }));
    await send(callTool("set_working_directory", { directory: "/a" }, { era: "modern" }));
    await send(callTool("set_working_directory", { directory: "relative" }));
    await send(callTool("get_working_directory", { session_id: UNKNOWN }));
    await send(callTool("get_working_directory", {}, { session: UNKNOWN }));
    await send(callTool("get_session_context", { session_id: 7 }));
    await send(callTool("no_such_tool", {}));
    await send(callTool("list_sessions", {}));
    const batch = [callOf(1, "get_session_count"), callOf(2, "get_session_context"), callOf(3, "another_that_is_not")];
    await send(post(batch, { headers: { "MCP-Protocol-Version": "2025-03-26" } }));
    for (const other of [initialize(), post(message("legacy", "tools/list")), deletion(UNKNOWN)]) await send(other);
    await settle();
    expect(await operations()).toEqual({
      "set_working_directory ok": 2,
      "set_working_directory path_invalid": 1,
      "get_working_directory session_unknown": 2,
      "get_session_context tool_error": 1,
      "get_session_context ok": 1,
      "get_session_count ok": 1,
      "list_sessions anonymous_refused": 1,
      "unknown rejected": 2,
    });
  });

  it("has no other outcome than the refusal where the header's session is refused after the tool ran", async () => {
    const { send, settle } = startIsolate();
    const opened = await send(callTool("set_working_directory", { directory: "/a" }));
    const session = /sess_[\w-]{43}/.exec(opened)?.[0] ?? "";
    await send(deletion(session));
    await send(callTool("get_session_count", {}, { session }));
    await settle();
    expect(await operations()).toEqual({ "set_working_directory ok": 1, "get_session_count session_deleted": 1 });
  });

  it("are internal errors where an object throws, whichever way the request takes, also after the tool ran", async () => {
    const isolates = [startIsolate(), startIsolate({ buildServer, streaming: false })];
    for (const method of ["get", "peek"] as const) {
      vi.spyOn(SessionObject.prototype, method).mockImplementation(() => {
        throw new Error("broken");
      });
    }
    vi.spyOn(console, "error").mockImplementation(() => {});
    for (const { send, settle } of isolates) {
      const session = new Sessions(env.SESSIONS, config).mint().sessionId;
      await send(callTool("get_session_context", { session_id: session }));
      await send(callTool("get_session_context", { session_id: session }, { era: "modern" }));
      const batch = [callOf(1, "get_session_context", { session_id: session }), callOf(2, "get_session_context")];
      await send(post(batch, { headers: { "MCP-Protocol-Version": "2025-03-26" } }));
      // The tool asks no session; the header's is asked for the route, and throws there.
      await send(callTool("get_session_count", {}, { session }));
      await settle();
    }
    expect(await operations()).toEqual({
      "get_session_context internal_error": 3,
      "get_session_context ok": 2,
      // The second isolate is told no names: it learns one from an answer that only its tool gives.
      "unknown internal_error": 4,
      "get_session_count internal_error": 1,
    });
  });

  it("names another author's tools once they have answered, and the rest unknown", async () => {
    const { send, settle } = startIsolate({
      buildServer() {
        const server = new McpServer({ name: "author", version: "1" }, { capabilities: { logging: {} } });
        const inputSchema = z.object({ fail: z.boolean().default(false) });
        server.registerTool("greet", { inputSchema }, async ({ fail }) => ({ content: [], isError: fail }));
        server.registerTool("tell", { inputSchema }, async (_, ctx) => {
          await ctx.mcpReq.notify({ method: "notifications/message", params: { level: "info", data: "x" } });
          return { content: [] };
        });
        return server;
      },
    });
    await send(callTool("greet", {}));
    await send(callTool("greet", {}, { era: "modern" }));
    await send(callTool("greet", { fail: true }));
    await send(callTool("greet", {}, { session: UNKNOWN }));
    expect(await send(callTool("tell", {}))).toMatch(/^event: /m);
    for (let n = 0; n < 5; n++) await send(callTool(`made_up_${n}`, {}));
    await settle();
    expect(await operations()).toEqual({
      "greet ok": 2,
      "greet tool_error": 1,
      "greet session_unknown": 1,
      "tell streamed": 1,
      "unknown rejected": 5,
    });
  });

  it("adds up over isolates, each of which reports what it has counted", async () => {
    const reports = vi.spyOn(SessionRegistry.prototype, "addOperations");
    const isolates = Array.from({ length: 5 }, () => startIsolate());
    await Promise.all(
      isolates.map(async ({ send, settle }, index) => {
        await Promise.all(Array.from({ length: 10 * (index + 1) }, () => send(callTool("get_session_context", {}))));
        await settle();
      }),
    );
    expect(await operations()).toEqual({ "get_session_context ok": 150 });
    const batches = reports.mock.calls.map(([batch]) => batch);
    expect(new Set(batches.map(({ isolate }) => isolate)).size).toBe(5);
    expect(await rowsOf("operation_source")).toBe(5);
  });

  it("sends a report that failed again with the next one, and counts one whose answer was lost once", async () => {
    const original = SessionRegistry.prototype.addOperations;
    const down = vi.spyOn(SessionRegistry.prototype, "addOperations");
    const { send, settle } = startIsolate();
    const call = async () => {
      await send(callTool("get_session_context", {}));
      await settle();
    };
    down.mockImplementationOnce(() => {
      throw new Error("shard is down");
    });
    await call();
    expect(await operations()).toEqual({});
    await call();
    expect(await operations()).toEqual({ "get_session_context ok": 2 });
    down.mockImplementationOnce(function (this: SessionRegistry, batch) {
      original.call(this, batch);
      throw new Error("the answer is lost");
    });
    await call();
    expect(await operations()).toEqual({ "get_session_context ok": 3 });
    await call();
    expect(await operations()).toEqual({ "get_session_context ok": 4 });
    // The first and the third report went out twice, the second and the fourth once.
    expect(down.mock.calls.map(([{ sequence }]) => sequence)).toEqual([1, 1, 2, 3, 3, 4]);
  });

  it("says so where they are off, and nothing is written or asked", async () => {
    const reports = vi.spyOn(SessionRegistry.prototype, "addOperations");
    const send = startApp({ OPERATOR_KEY });
    await send(callTool("get_session_context", {}));
    const headers = { Host: "localhost", ...AS_OPERATOR };
    const { text } = await send(new Request("http://localhost/metrics", { headers }));
    expect(text).toContain(
      '\n# mcp_session_context_operations_total, tool calls by tool and outcome, is off: set OPERATION_METRICS to "on".\n',
    );
    expect(parsePrometheus(text).map(({ name }) => name)).not.toContain("mcp_session_context_operations_total");
    expect(reports).not.toHaveBeenCalled();
    expect(await rowsOf("migration")).toBe(0);
  });
});

const callOf = (id: number, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});
