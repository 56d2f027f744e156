/** The published schemas in the converters of real clients: no warnings, no refused tools, no lost arguments. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type FunctionDeclaration, GoogleGenAI, mcpToTool } from "@google/genai";
import { Client as CurrentClient } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as CurrentTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { getAllMcpTools, MCPServerStreamableHttp } from "@openai/agents";
import { Client } from "mcp-sdk-1-12/client/index.js";
import { StreamableHTTPClientTransport } from "mcp-sdk-1-12/client/streamableHttp.js";
import { expect, it, onTestFinished, vi } from "vitest";
import { sharedServer } from "./support/servers.ts";

const origin = sharedServer();
const url = () => `${origin()}/mcp`;

type JsonSchema = Readonly<Record<string, unknown>> & {
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
};

const INFO = { name: "schemas-test", version: "1" };
const KEYWORDS = ["type", "description", "properties", "required", "items", "enum"];

async function listedTools() {
  const client = new CurrentClient(INFO);
  await client.connect(new CurrentTransport(new URL(url())));
  onTestFinished(() => client.close());
  return { client, tools: (await client.listTools()).tools };
}

function warnings() {
  const warn = vi.spyOn(console, "warn");
  onTestFinished(() => warn.mockRestore());
  return warn;
}

/** All schemas nested in this one, itself included. */
function* schemasIn(schema: JsonSchema): Generator<JsonSchema> {
  yield schema;
  for (const property of Object.values(schema.properties ?? {})) yield* schemasIn(property);
  if (schema.items !== undefined) yield* schemasIn(schema.items as JsonSchema);
}

it("use the portable keywords only, one type per argument, and have at most 14 KB in total", async () => {
  const { tools } = await listedTools();
  for (const { name, inputSchema, outputSchema } of tools) {
    for (const schema of [inputSchema, outputSchema].flatMap((root) => [...schemasIn(root as JsonSchema)])) {
      expect(KEYWORDS, name).toEqual(expect.arrayContaining(Object.keys(schema)));
      expect(["string", "undefined"]).toContain(typeof schema.type);
    }
    for (const argument of Object.values(inputSchema.properties ?? {})) {
      expect(argument, name).toEqual({ type: "string", description: expect.stringMatching(/.{10}/) });
    }
  }
  expect(Buffer.byteLength(JSON.stringify({ tools }))).toBeLessThanOrEqual(14_000);
});

it("compile in SDK 1.12 without a warning, and match the tools' results", async () => {
  const warn = warnings();
  const client = new Client(INFO);
  // Its types do not support exactOptionalPropertyTypes.
  type Transport = Parameters<Client["connect"]>[0];
  await client.connect(new StreamableHTTPClientTransport(new URL(url())) as Transport);
  onTestFinished(() => client.close());
  const { tools } = await client.listTools();
  const config = '{"version":"1.0","project":{"name":"shop"}}';
  const args: Record<string, object> = {
    set_working_directory: { directory: "/shop", config },
    register_project: { root: "/shop/api", config },
    remove_project: { root: "/shop/api" },
  };
  // With a context, and finally without.
  const last = ["end_session", "get_working_directory", "get_session_context"];
  for (const name of [...tools.map((tool) => tool.name).filter((name) => name !== "end_session"), ...last]) {
    // The client checks each result against the tool's schema, and throws on a mismatch.
    const { isError, structuredContent } = await client.callTool({ name, arguments: { ...args[name] } });
    // Anonymous callers cannot be told apart, so they get no list.
    if (name !== "list_sessions")
      expect([name, isError, typeof structuredContent]).toEqual([name, undefined, "object"]);
  }
  expect(warn.mock.calls).toEqual([]);
});

it("become strict tools of OpenAI, which pass null for absent arguments", async () => {
  const server = new MCPServerStreamableHttp({ url: url(), name: "sessions" });
  await server.connect();
  onTestFinished(() => server.close());
  const warn = warnings();
  const converted = await getAllMcpTools({ mcpServers: [server], convertSchemasToStrict: true });
  const { tools } = await listedTools();
  expect(converted.map(({ name }) => name)).toEqual(tools.map(({ name }) => name));
  for (const tool of converted) {
    if (tool.type !== "function") throw new Error(`${tool.name} is no function`);
    const names = Object.keys(tools.find(({ name }) => name === tool.name)?.inputSchema.properties ?? {});
    expect(tool).toMatchObject({ strict: true, parameters: { required: names, additionalProperties: false } });
  }
  expect(warn.mock.calls).toEqual([]);
  const strictArgs = { directory: "/strict", session_id: null, config: null, config_path: null };
  const set = await server.callToolResult("set_working_directory", strictArgs);
  expect(set.structuredContent).toMatchObject({ success: true, created: true, working_directory: "/strict" });
});

it("become function declarations of Gemini, both as they are and in its own form of schema", async () => {
  const { client, tools } = await listedTools();
  const requests: { tools: { functionDeclarations: FunctionDeclaration[] }[] }[] = [];
  const api = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      requests.push(JSON.parse(Buffer.concat(chunks).toString()));
      response.setHeader("content-type", "application/json");
      response.end(JSON.stringify({ candidates: [{ content: { role: "model", parts: [{ text: "ok" }] } }] }));
    });
  });
  await new Promise<void>((resolve) => api.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void api.close());
  const { port } = api.address() as AddressInfo;
  const gemini = new GoogleGenAI({ apiKey: "none", httpOptions: { baseUrl: `http://127.0.0.1:${port}` } });
  const own = tools.map(({ name, inputSchema, outputSchema }) => ({
    name,
    parameters: structuredClone(inputSchema) as object,
    response: structuredClone(outputSchema) as object,
  }));
  for (const given of [mcpToTool(client), { functionDeclarations: own as FunctionDeclaration[] }]) {
    await gemini.models.generateContent({ model: "gemini-test", contents: "hello", config: { tools: [given] } });
  }
  const [asIs, converted] = requests.map(({ tools: [first] }) => first?.functionDeclarations ?? []);
  expect(asIs?.map(({ name, parametersJsonSchema }) => [name, parametersJsonSchema])).toEqual(
    tools.map(({ name, inputSchema }) => [name, inputSchema]),
  );
  expect(converted).toHaveLength(tools.length);
  for (const [n, { inputSchema }] of tools.entries()) {
    const { properties = {}, required } = inputSchema as JsonSchema;
    const ofGemini = Object.entries(properties).map(([name, { description }]) => [
      name,
      { type: "STRING", description },
    ]);
    const want = { type: "OBJECT", properties: Object.fromEntries(ofGemini), ...(required && { required }) };
    expect(converted?.[n]?.parameters).toEqual(want);
  }
});
