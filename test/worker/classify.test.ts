/** Era, kind and session of a request are determined in one place; later code only reads the result. */
import { describe, expect, it } from "vitest";
import { classify } from "../../src/http/mcp/classify.ts";

const SESSION = "sess_of_the_header";
const meta = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "agent", version: "2" },
  "io.modelcontextprotocol/clientCapabilities": {},
};
const request = (method: string, params: object = {}, id: unknown = 1) => ({ jsonrpc: "2.0", id, method, params });
const notification = { jsonrpc: "2.0", method: "notifications/initialized" };
const posted = { jsonrpc: "2.0", id: "a", result: {} };
const call = (name: string, rest: object = {}) => request("tools/call", { name, arguments: {}, ...rest });

const LEGACY = { "mcp-protocol-version": "2025-11-25" };
const BATCHES = { "mcp-protocol-version": "2025-03-26" };
const MODERN = { "mcp-protocol-version": "2026-07-28" };

/** What the request is classified as, or why it is refused. */
async function classified(body: unknown, headers: Record<string, string>) {
  const request = new Request("https://localhost/mcp", {
    method: "POST",
    headers: { ...headers, "mcp-session-id": SESSION },
  });
  const result = await classify(request, body, { json: true, stream: true });
  return result.ok ? result.value : result.failure;
}

describe("a message", () => {
  it.each([
    ["a legacy tool call", call("get"), LEGACY, { era: "legacy", header: SESSION, tool: true }],
    ["one without a version", call("get"), {}, { era: "legacy", header: SESSION, tool: true }],
    ["a legacy list", request("tools/list"), LEGACY, { era: "legacy", header: SESSION, tool: false }],
    ["initialize, which opens a new session", request("initialize"), {}, { era: "legacy", header: null, tool: false }],
    ["a notification", notification, LEGACY, { era: "legacy", header: SESSION, tool: false }],
    ["an answer to the server", posted, LEGACY, { era: "legacy", header: SESSION, tool: false }],
    ["a modern tool call", call("get", { _meta: meta }), MODERN, { era: "modern", header: null, tool: true }],
    ["a modern list", request("tools/list", { _meta: meta }), MODERN, { era: "modern", header: null, tool: false }],
  ])("%s", async (_name, body, headers, { era, header, tool }) => {
    expect(await classified(body, headers)).toMatchObject({
      era,
      header,
      isBatch: false,
      messages: [{ era, callsTool: tool, mayStream: true, body }],
    });
  });

  it("is logged with valid names only", async () => {
    for (const [body, event] of [
      [call("get_session_count"), { id: 1, method: "tools/call", tool: "get_session_count" }],
      [call("/home/me/secret"), { method: "tools/call", tool: "other" }],
      [request("../../etc"), { method: "other", tool: undefined }],
      [posted, { id: "a", method: undefined }],
    ] as const) {
      expect(await classified(body, LEGACY)).toMatchObject({ messages: [{ event }] });
    }
    expect(await classified(call("get", { _meta: meta }), MODERN)).toMatchObject({ client: "agent/2" });
  });
});

describe("a batch", () => {
  it("is a list of messages, each classified on its own", async () => {
    const body = [call("one"), notification, posted];
    expect(await classified(body, BATCHES)).toMatchObject({
      era: "legacy",
      isBatch: true,
      header: SESSION,
      messages: body.map((message) => ({ body: message, mayStream: false })),
    });
  });

  it.each([
    ["in a revision without them", [call("one")], LEGACY, "Batches are not part of protocol 2025-11-25"],
    ["in the modern era", [call("one", { _meta: meta })], MODERN, "Batches are not part of protocol 2026-07-28"],
    ["without messages", [], BATCHES, "at least one"],
    ["with an invalid message", [call("one"), 7], BATCHES, "a list of JSON-RPC 2.0 messages"],
    ["with initialize in it", [request("initialize"), call("one")], BATCHES, "must not contain initialize"],
    ["of more than 20", Array.from({ length: 21 }, () => notification), BATCHES, "A batch of 21 messages is too large"],
  ])("%s is refused", async (_name, body, headers, message) => {
    expect(await classified(body, headers)).toMatchObject({
      kind: "protocol",
      status: 400,
      message: expect.stringContaining(message),
    });
  });
});
