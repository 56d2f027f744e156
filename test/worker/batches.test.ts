/** A batch (2025-03-26) counts as one request per message: each is charged, bounded and logged. */
import { reset } from "cloudflare:test";
import { McpServer } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { sessionApp } from "../../src/http/app.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { message, post, type Send, sendTo, startApp } from "../support/apps.ts";
import { logLines } from "../support/log-lines.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const MIB = 1024 * 1024;
type Id = string | number;
type Answer = { id: Id; result?: { isError?: boolean }; error?: { code: number; message: string } };

const call = (id: Id, name: string, args: object = {}) => ({
  jsonrpc: "2.0",
  id,
  method: "tools/call",
  params: { name, arguments: args },
});

const sendBatch = (send: Send, batch: unknown, headers: Record<string, string> = {}) =>
  send(post(batch, { headers: { "MCP-Protocol-Version": "2025-03-26", ...headers } }));

/** A limiter that allows `limit` calls in total. */
function limiter(limit: number) {
  let used = 0;
  const binding: RateLimit = { limit: async () => ({ success: ++used <= limit }) };
  return { binding, used: () => used };
}

describe("each message of a batch", () => {
  it("is charged as a request, and an oversized batch is refused before any of it runs", async () => {
    const counted = vi.spyOn(SessionRegistry.prototype, "count");
    const { binding, used } = limiter(9);
    const send = startApp({ RATE_LIMITS: "on" }, { REQUEST_LIMITER: binding });
    const batch = Array.from({ length: 5 }, (_, id) => call(id, "get_session_count"));
    expect((await sendBatch(send, batch)).status).toBe(200);
    expect(used()).toBe(5);
    const asked = counted.mock.calls.length;
    expect(asked).toBeGreaterThan(0);
    const refused = await sendBatch(send, batch);
    expect(refused.status).toBe(429);
    expect(refused.headers.get("Retry-After")).toBe("60");
    expect(refused.json).toMatchObject({ id: null, error: { message: expect.stringContaining("Nothing was done") } });
    expect(counted.mock.calls.length).toBe(asked);
  });

  it("is charged whether it is a request, a notification or an answer", async () => {
    const answer = { jsonrpc: "2.0", id: crypto.randomUUID(), result: {} };
    for (const message of [call(1, "get_session_context"), { jsonrpc: "2.0", method: "notifications/x" }, answer]) {
      const { binding } = limiter(5);
      const send = startApp({ RATE_LIMITS: "on" }, { REQUEST_LIMITER: binding });
      const batch = Array.from({ length: 6 }, () => message);
      expect((await sendBatch(send, batch)).status).toBe(429);
    }
  });

  it("runs in the only era that has batches, whatever its version header", async () => {
    const counted = vi.spyOn(SessionRegistry.prototype, "count");
    const send = startApp();
    const modern = { ...message("modern", "tools/call", { name: "get_session_count", arguments: {} }) };
    for (const version of ["2026-07-28", "2025-11-25", "2099-01-01"]) {
      const headers = { "MCP-Protocol-Version": version, "Mcp-Method": "tools/call", "Mcp-Name": "get_session_count" };
      expect((await sendBatch(send, [modern, modern], headers)).status).toBe(400);
      expect((await sendBatch(send, [call(1, "get_session_count"), null], headers)).status).toBe(400);
    }
    expect(counted).not.toHaveBeenCalled();
  });

  it("has its own line in the log, and the request's line has the worst outcome", async () => {
    const lines = logLines();
    const send = startApp({ LOG_LEVEL: "info" });
    const batch = [
      { jsonrpc: "2.0", id: "a", method: "ping" },
      call("b", "get_session_context"),
      call("c", "set_working_directory", { directory: "relative" }),
      call("d", "no_such_tool"),
      call("e", "get_session_context", { session_id: 7 }),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      { jsonrpc: "2.0", id: "f", method: "no/such_method" },
    ];
    expect((await sendBatch(send, batch, { "User-Agent": "batcher/1.0 (linux)" })).status).toBe(200);
    const request = lines().find(({ event }) => event === "request");
    expect(request).toMatchObject({
      batch_size: 7,
      status: 200,
      outcome: "tool_error",
      failure: "path_invalid",
      client: "batcher/1.0",
    });
    expect(request).not.toHaveProperty("method");
    const messages = lines().filter(({ event }) => event === "message");
    expect(messages.map(({ method, tool, outcome, failure }) => [method, tool, outcome, failure])).toEqual([
      ["ping", undefined, "ok", undefined],
      ["tools/call", "get_session_context", "ok", undefined],
      ["tools/call", "set_working_directory", "tool_error", "path_invalid"],
      ["tools/call", "no_such_tool", "rejected", undefined],
      ["tools/call", "get_session_context", "tool_error", undefined],
      ["notifications/initialized", undefined, "ok", undefined],
      ["no/such_method", undefined, "rejected", undefined],
    ]);
    expect(new Set(messages.map(({ request_id }) => request_id))).toEqual(new Set([request?.request_id]));
  });

  it("has no line if the batch is refused for its size, as its content is unknown", async () => {
    const lines = logLines();
    const send = startApp({ LOG_LEVEL: "info" });
    expect(
      (
        await sendBatch(
          send,
          Array.from({ length: 50_000 }, () => 1),
        )
      ).status,
    ).toBe(400);
    const requests = lines().filter(({ level }) => level === "info");
    expect(requests).toHaveLength(1);
    expect(requests[0]).toMatchObject({ event: "request", batch_size: 50_000, outcome: "refused" });
  });

  it("is a data point if a dataset is bound", async () => {
    const points: (string | ArrayBuffer | null)[][] = [];
    const REQUEST_EVENTS = {
      writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point?.blobs ?? []),
    };
    const send = startApp({}, { REQUEST_EVENTS } as Partial<Env>);
    const directory = { directory: "relative" };
    await sendBatch(send, [call(1, "get_session_context"), call(2, "set_working_directory", directory)]);
    expect(points).toEqual([
      ["/mcp", "legacy", "tools/call", "get_session_context", "ok"],
      ["/mcp", "legacy", "tools/call", "set_working_directory", "tool_error"],
    ]);
  });
});

describe.each([false, true])("the answer to a batch (streaming: %s)", (streaming) => {
  /** A server whose tool `fill` answers with the requested number of bytes. */
  const send = () =>
    sendTo(
      sessionApp({
        config: parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATION_METRICS: "off" }),
        streaming,
        buildServer() {
          const server = new McpServer({ name: "filler", version: "1" });
          server.registerTool("fill", { inputSchema: z.object({ bytes: z.number() }) }, async ({ bytes }) => ({
            content: [{ type: "text", text: "x".repeat(bytes) }],
          }));
          return server;
        },
      }),
    );
  const answersIn = (text: string): Answer[] => JSON.parse(text);

  it("has at most 1 MiB; an answer that does not fit is replaced by an error, later ones that fit are kept", async () => {
    const sizes = [400_000, 400_000, 400_000, 1000, 5_000_000, 1000];
    const { text } = await sendBatch(
      send(),
      sizes.map((bytes, id) => call(id, "fill", { bytes })),
    );
    expect(text.length).toBeLessThanOrEqual(MIB);
    const answers = answersIn(text).toSorted((a, b) => Number(a.id) - Number(b.id));
    expect(answers.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
    expect(answers.map(({ error }) => error === undefined)).toEqual([true, true, false, true, false, true]);
    expect(answers[2]?.error).toEqual({
      code: -32000,
      message: expect.stringMatching(/more than 1048576 bytes together. Send this message by itself$/),
    });
    // It is answered if sent alone.
    expect((await sendBatch(send(), call(2, "fill", { bytes: 5_000_000 }))).text).toContain("xxxxx");
  });

  it("has at most 1 MiB also with long ids, and answers each of them", async () => {
    const ids = Array.from({ length: 20 }, (_, index) => `${index}-${"é".repeat(5000)}`);
    const { text } = await sendBatch(
      send(),
      ids.map((id) => call(id, "fill", { bytes: 100_000 })),
    );
    expect(new TextEncoder().encode(text).length).toBeLessThanOrEqual(MIB);
    const answers = answersIn(text);
    expect(new Set(answers.map(({ id }) => id))).toEqual(new Set(ids));
    const fitted = answers.filter(({ error }) => error === undefined).length;
    expect(fitted).toBeGreaterThanOrEqual(7);
    expect(fitted).toBeLessThan(10);
  });
});
