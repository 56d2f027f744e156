/** Clients that accept no event stream, with a server whose tools send messages before their result. */
import { McpServer } from "@modelcontextprotocol/server";
import { expect, it, vi } from "vitest";
import * as z from "zod";
import { sessionApp } from "../../src/http/app.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { callTool, ERAS, sendTo } from "../support/apps.ts";

function buildServer(): McpServer {
  const server = new McpServer({ name: "streaming", version: "1.0.0" });
  server.registerTool("work", { inputSchema: z.object({}) }, async (_args, { mcpReq }) => {
    await mcpReq.notify({ method: "notifications/progress", params: { progressToken: 1, progress: 1 } });
    return { content: [{ type: "text", text: "done" }] };
  });
  return server;
}

it.each(ERAS)("a %s client that accepts JSON alone gets only the result, as JSON", async (era) => {
  // The SDK warns that earlier messages are dropped.
  vi.spyOn(console, "warn").mockImplementation(() => {});
  const config = parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATION_METRICS: "off" });
  const send = sendTo(sessionApp({ config, buildServer, streaming: true }));
  const call = (accept: string) => send(callTool("work", {}, { era, headers: { Accept: accept } }));
  const both = await call("application/json, text/event-stream");
  expect(both.headers.get("content-type")).toContain("text/event-stream");
  expect(both.text).toContain("notifications/progress");
  for (const accept of ["application/json", "application/*"]) {
    const plain = await call(accept);
    expect(plain.headers.get("content-type")).toContain("application/json");
    expect(plain.json.result?.content?.[0]?.text).toBe("done");
  }
  vi.restoreAllMocks();
});
