/** Calls by tool and outcome at `/metrics`: the sum of the counts of all isolates. */
import { createExecutionContext, reset, runInDurableObject, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { McpServer } from "@modelcontextprotocol/server";
import parsePrometheus from "parse-prometheus-text-format";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { type SessionAppOptions, sessionApp } from "../../src/http/app.ts";
import { countOperations } from "../../src/http/mcp/operation-metrics.ts";
import { MAX_OPERATION_PAIRS } from "../../src/registry/limits.ts";
import { OperationTally } from "../../src/registry/operations.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { buildServer, SERVER_INFO, TOOLS } from "../../src/server/server.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
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

/** An app with its own counter, as each isolate has one. `settle` resolves when it has reported its counts. */
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

/** Calls by `tool outcome`, as in a scrape. */
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
  it("have each call of this server's tools with its outcome, on every path", async () => {
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

  it("have only the refusal if the header's session is refused after the tool ran", async () => {
    const { send, settle } = startIsolate();
    const opened = await send(callTool("set_working_directory", { directory: "/a" }));
    const session = /sess_[\w-]{43}/.exec(opened)?.[0] ?? "";
    await send(deletion(session));
    await send(callTool("get_session_count", {}, { session }));
    await settle();
    expect(await operations()).toEqual({ "set_working_directory ok": 1, "get_session_count session_deleted": 1 });
  });

  it("have an internal error if an object throws, on every path, also after the tool ran", async () => {
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
      // The tool does not use a session; the header's object is called for the route, and throws there.
      await send(callTool("get_session_count", {}, { session }));
      await settle();
    }
    expect(await operations()).toEqual({
      "get_session_context internal_error": 3,
      "get_session_context ok": 2,
      // The second isolate has no tool names: it learns one from an answer that only its tool gives.
      "unknown internal_error": 4,
      "get_session_count internal_error": 1,
    });
  });

  it("have another author's tools once they have answered, and before that `unknown`", async () => {
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

  it("add up over isolates, each of which reports its counts", async () => {
    const reports = vi.spyOn(SessionRegistry.prototype, "addOperations");
    const isolates = Array.from({ length: 5 }, () => startIsolate());
    await Promise.all(
      isolates.map(async ({ send, settle }, index) => {
        await Promise.all(Array.from({ length: 10 * (index + 1) }, () => send(callTool("get_session_context", {}))));
        await settle();
      }),
    );
    expect(await operations()).toEqual({ "get_session_context ok": 150 });
    expect(reports.mock.calls.length).toBeGreaterThanOrEqual(5);
  });

  it("lack a failed report, and counting continues", async () => {
    const { send, settle } = startIsolate();
    const call = async () => {
      await send(callTool("get_session_context", {}));
      await settle();
    };
    vi.spyOn(SessionRegistry.prototype, "addOperations").mockImplementationOnce(() => {
      throw new Error("shard is down");
    });
    await call();
    expect(await operations()).toEqual({});
    await call();
    expect(await operations()).toEqual({ "get_session_context ok": 1 });
  });

  it("are reported once per interval, and again if that report is lost", () => {
    vi.spyOn(scheduler, "wait").mockReturnValue(new Promise(() => {}));
    const now = vi.spyOn(Date, "now").mockReturnValue(0);
    const waitUntil = vi.fn();
    const count = countOperations(config, ["get"]);
    const calls = [{ id: 1, method: "tools/call", tool: "get", trace: null, outcome: "ok" }] as const;
    const countAt = (time: number) => {
      now.mockReturnValue(time);
      count?.({ messages: [...calls] }, { env, executionCtx: { waitUntil } });
      return waitUntil.mock.calls.length;
    };
    expect([0, 1, 2 * FLUSH_MS - 1].map(countAt)).toEqual([1, 1, 1]);
    expect([2 * FLUSH_MS, 2 * FLUSH_MS + 1].map(countAt)).toEqual([2, 2]);
  });

  it("have a limited number of separate pairs, and one sum for the rest", () => {
    const tally = new OperationTally(MAX_OPERATION_PAIRS);
    for (let n = 0; n < 10 * MAX_OPERATION_PAIRS; n++) tally.add({ tool: `tool${n}`, outcome: "ok", count: 1 });
    const counts = tally.counts();
    expect(counts).toHaveLength(MAX_OPERATION_PAIRS + 1);
    expect(counts).toContainEqual({ tool: "other", outcome: "other", count: 9 * MAX_OPERATION_PAIRS });
  });

  it("say so if they are off; then nothing is written or read", async () => {
    const reports = vi.spyOn(SessionRegistry.prototype, "addOperations");
    const send = startApp({ OPERATOR_KEY, OPERATION_METRICS: "off" });
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
