/** Inherited names of JavaScript objects are treated like any other unknown name. */
import { McpServer } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { sessionApp } from "../../src/http/app.ts";
import { buildServer } from "../../src/server/server.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { callTool, ERAS, message, post, type Send, sendTo, startApp } from "../support/apps.ts";

const NAMES = ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "__defineGetter__"];
const UNKNOWN = "no_such_name";
const config = parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATION_METRICS: "off" });

/** Another author's server, also with prompts and resources. */
function authorsApp(): Send {
  const build = () => {
    const server = new McpServer({ name: "author", version: "1" });
    server.registerTool("greet", { inputSchema: z.object({}) }, async () => ({ content: [] }));
    server.registerPrompt("ask", {}, () => ({ messages: [] }));
    server.registerResource("note", "note://a", {}, () => ({ contents: [] }));
    return server;
  };
  return sendTo(sessionApp({ config, buildServer: build }));
}

const APPS = {
  "this server": startApp(),
  "this server, by the SDK alone": sendTo(sessionApp({ config, buildServer, streaming: false })),
  author: authorsApp(),
};

describe.each(Object.entries(APPS))("%s", (_name, send) => {
  it.each(ERAS)("answers a call of a tool with such a name like one of any unknown tool (%s)", async (era) => {
    const unknown = await send(callTool(UNKNOWN, {}, { era }));
    expect(unknown.text).toContain("not found");
    for (const name of NAMES) {
      const answer = await send(callTool(name, {}, { era }));
      expect([answer.status, answer.text]).toEqual([unknown.status, unknown.text.replaceAll(UNKNOWN, name)]);
    }
  });

  it("in a batch too", async () => {
    const call = (name: string) => message("legacy", "tools/call", { name, arguments: {} });
    const batch = [...NAMES, UNKNOWN].map((name, id) => ({ ...call(name), id }));
    const { text } = await send(post(batch, { headers: { "MCP-Protocol-Version": "2025-03-26" } }));
    for (const name of [...NAMES, UNKNOWN]) expect(text).toContain(`Tool ${name} not found`);
    expect(text).not.toContain("disabled");
  });
});

it.each(ERAS)("treats a prompt with such a name as unknown (%s)", async (era) => {
  const send = authorsApp();
  const get = (name: string) =>
    send(
      post(message(era, "prompts/get", { name }), {
        era,
        ...(era === "modern" && { headers: { "Mcp-Method": "prompts/get", "Mcp-Name": name } }),
      }),
    );
  const unknown = await get(UNKNOWN);
  expect(unknown.text).toContain("not found");
  for (const name of NAMES) expect((await get(name)).text).toBe(unknown.text.replaceAll(UNKNOWN, name));
});
