/** An object that throws causes an internal error on every path of the request, not a tool error. */
import { reset } from "cloudflare:test";
import { McpServer } from "@modelcontextprotocol/server";
import { afterEach, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { sessionIdArgument } from "../../src/author/tool-input.ts";
import { sessionApp } from "../../src/http/app.ts";
import { buildServer, SERVER_INFO, TOOLS } from "../../src/server/server.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { callTool, deletion, ERAS, initialize, message, post, sendTo } from "../support/apps.ts";
import { logLines } from "../support/log-lines.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const SECRET = "/home/me/secret";

const config = parseConfig({ LOG_LEVEL: "info", RATE_LIMITS: "off", OPERATION_METRICS: "off" });
const withoutShortWay = () => sendTo(sessionApp({ config, buildServer, streaming: false }));
const withShortWay = () =>
  sendTo(sessionApp({ config, buildServer, streaming: false, direct: { tools: TOOLS, serverInfo: SERVER_INFO } }));

/** A session with a context, whose object then throws at `get`, `peek` and `delete`. */
async function failingSession(): Promise<string> {
  const answer = await withShortWay()(callTool("set_working_directory", { directory: "/a" }));
  for (const method of ["get", "peek", "delete"] as const) {
    vi.spyOn(SessionObject.prototype, method).mockImplementation(() => {
      throw new Error(`no such table at ${SECRET}`);
    });
  }
  return String(answer.json.result?.structuredContent?.session_id);
}

const call = (session_id: string, era: "legacy" | "modern" = "legacy") =>
  callTool("get_working_directory", { session_id }, { era });

describe("a call whose object throws", () => {
  it.each([
    ["the short way, legacy", withShortWay, (id: string) => call(id)],
    ["the short way, modern", withShortWay, (id: string) => call(id, "modern")],
    ["the SDK, legacy", withoutShortWay, (id: string) => call(id)],
    ["the SDK, modern", withoutShortWay, (id: string) => call(id, "modern")],
    [
      "a batch",
      withShortWay,
      (id: string) => {
        const one = message("legacy", "tools/call", { name: "get_working_directory", arguments: { session_id: id } });
        const ping = { ...message("legacy", "ping"), id: 2 };
        return post([ping, one], { headers: { "MCP-Protocol-Version": "2025-03-26" } });
      },
    ],
  ])(
    "is an internal error in the request's line, and an error in the log with the reference: %s",
    async (_, start, request) => {
      const send = start();
      const session = await failingSession();
      // The short way handles a modern envelope only after the SDK has answered a call with it.
      await send(callTool("get_session_count", {}, { era: "modern" }));
      const lines = logLines();
      const answer = await send(request(session));
      expect(answer.status).toBe(200);
      const reference = /report reference ([0-9a-f-]{36})/.exec(answer.text)?.[1];
      expect(answer.text).not.toContain(SECRET);
      const [line] = lines().filter(({ event }) => event === "request");
      expect(line).toMatchObject({ status: 200, outcome: "internal_error", failure: "internal_error" });
      expect(lines().filter(({ level }) => level === "error")).toEqual([
        expect.objectContaining({ event: "object_threw", reference, error: expect.stringContaining(SECRET) }),
      ]);
    },
  );
});

/** A server whose author passes on any failure. */
const authorsServer = () =>
  sendTo(
    sessionApp({
      config,
      streaming: false,
      state: z.object({ count: z.number() }),
      buildServer({ session, state }) {
        const server = new McpServer({ name: "author", version: "1" });
        const inputSchema = z.object({ session_id: sessionIdArgument });
        const answer = (value: unknown) => ({ content: [{ type: "text" as const, text: JSON.stringify(value) }] });
        server.registerTool("get", { inputSchema }, async (args) => answer(await session.get(args.session_id)));
        server.registerTool("state", { inputSchema }, async (args) => answer(await state.list(args.session_id)));
        server.registerTool("other", { inputSchema }, async () => ({ content: [], isError: true }));
        return server;
      },
    }),
  );

it.each(ERAS)("is the same for another author's tool, and the client sees no text of the error (%s)", async (era) => {
  const session = await failingSession();
  vi.spyOn(SessionObject.prototype, "state").mockImplementation(() => {
    throw new Error(`no such table at ${SECRET}`);
  });
  const send = authorsServer();
  const lines = logLines();
  for (const tool of ["get", "state"]) {
    const answer = await send(callTool(tool, { session_id: session }, { era }));
    expect(answer.text).not.toContain(SECRET);
    const reference = /report reference ([0-9a-f-]{36})/.exec(answer.text)?.[1];
    expect(lines()).toContainEqual(expect.objectContaining({ level: "error", event: "object_threw", reference }));
    expect(lines().at(-1)).toMatchObject({ event: "request", tool, outcome: "internal_error" });
  }
  await send(callTool("other", { session_id: session }, { era }));
  expect(lines().at(-1)).toMatchObject({ event: "request", tool: "other", outcome: "tool_error" });
});

it.each([
  ["a message that calls no tool", (session: string) => post(message("legacy", "ping"), { session })],
  ["a call under the header of that session", (session: string) => callTool("get_session_count", {}, { session })],
  ["DELETE", (session: string) => deletion(session)],
])("%s is answered with 500, and its line has the same outcome", async (_, request) => {
  const send = withShortWay();
  const session = await failingSession();
  const lines = logLines();
  const answer = await send(request(session));
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain(SECRET);
  const [line] = lines().filter(({ event }) => event === "request");
  expect(line).toMatchObject({ status: 500, outcome: "internal_error", failure: "internal_error" });
  expect(lines()).toContainEqual(
    expect.objectContaining({ level: "error", event: "request_threw", request_id: line?.request_id }),
  );
});

it("other failures have distinct outcomes: failed for a busy server, refused for a refusal", async () => {
  const send = withShortWay();
  const opened = await send(initialize());
  vi.spyOn(SessionObject.prototype, "peek").mockImplementation(() => {
    throw Object.assign(new Error("busy"), { overloaded: true });
  });
  const lines = logLines();
  await send(post(message("legacy", "ping"), { session: opened.headers.get("Mcp-Session-Id") ?? "" }));
  await send(post(message("legacy", "ping"), { session: "sess_x" }));
  expect(lines().filter(({ event }) => event === "request")).toMatchObject([
    { status: 503, outcome: "failed", failure: "session_unavailable" },
    { status: 404, outcome: "refused", failure: "session_unknown" },
  ]);
});
