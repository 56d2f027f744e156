/** Servers that ask the client something in the middle of a legacy call, and where the answers go. */
import { Client, ProtocolError, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { describe, expect, it, onTestFinished } from "vitest";
import { sharedServer } from "./support/servers.ts";

const url = sharedServer({ config: "test/conformance/wrangler.toml", vars: { LOG_LEVEL: "error" } });

type Answer = { action: "accept" | "decline"; content?: Record<string, string> };
/** What the person at the client does when asked `message`. */
type Person = (message: string) => Promise<Answer> | Answer;
type Call = (tool: string, args: Record<string, unknown>) => Promise<{ isError: boolean; text: string }>;

const capabilities = { elicitation: {} };
const says = (response: string): Answer => ({ action: "accept", content: { response } });

async function clientV2(person: Person): Promise<Call> {
  const client = new Client({ name: "asked", version: "1" }, { capabilities });
  client.setRequestHandler("elicitation/create", ({ params }) => person(params.message));
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url()}/mcp`)));
  onTestFinished(() => client.close());
  return async (name, args) => textOf(await client.callTool({ name, arguments: args }));
}

async function clientV1(person: Person): Promise<Call> {
  const client = new ClientV1({ name: "asked", version: "1" }, { capabilities });
  client.setRequestHandler(ElicitRequestSchema, ({ params }) => person(params.message));
  const transport = new TransportV1(new URL(`${url()}/mcp`));
  // Its own types contradict each other under exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
  onTestFinished(() => client.close());
  return async (name, args) => textOf(await client.callTool({ name, arguments: args }));
}

function textOf(result: object) {
  const { isError, content } = result as { isError?: boolean; content: { text?: string }[] };
  return { isError: isError === true, text: content.map(({ text }) => text).join("\n") };
}

describe.each([
  ["SDK v1", clientV1],
  ["SDK v2", clientV2],
])("a tool that asks the user, called by a legacy client (%s)", (_name, connect) => {
  it("gets what the user says", async () => {
    const call = await connect((message) => says(`You said: ${message}`));
    const { text } = await call("test_elicitation", { message: "Hello" });
    expect(text).toContain('"response":"You said: Hello"');
  });

  it("gets its own answer if another call of the session asks at the same time, whichever is answered first", async () => {
    const asked: string[] = [];
    let bothAsked = () => {};
    const meeting = new Promise<void>((resolve) => {
      bothAsked = resolve;
    });
    const call = await connect(async (message) => {
      if (asked.push(message) === 2) bothAsked();
      await meeting;
      return says(`answer to ${message}`);
    });
    const texts = await Promise.all(["one", "two"].map((message) => call("test_elicitation", { message })));
    expect(texts.map(({ text }) => /answer to \w+/.exec(text)?.[0])).toEqual(["answer to one", "answer to two"]);
  });

  it("asks round after round, where it is written for the other era", async () => {
    const call = await connect((message) => ({
      action: "accept",
      content: message.startsWith("Step 1") ? { name: "Ana" } : { color: "green" },
    }));
    expect((await call("test_input_required_result_multi_round", {})).text).toBe("Ana likes green");
  });
});

describe("a tool that asks the user", () => {
  it("is told if the client cannot be asked", async () => {
    const call = await clientV2(() => {
      throw new ProtocolError(-32601, "Nobody is here");
    });
    expect(await call("test_elicitation", { message: "?" })).toMatchObject({ isError: true, text: "Nobody is here" });
  });

  it("is told at once if the client has opened no session", async () => {
    const answer = await post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: ELICITATION });
    expect(await answer.json()).toMatchObject({ result: { isError: true } });
  });

  it("hears nobody but the session that it asked", async () => {
    const [session, other] = [await initialize(), await initialize()];
    const response = await post({ jsonrpc: "2.0", id: 1, method: "tools/call", params: ELICITATION }, session);
    const messages = messagesOf(response);
    const { value: request } = await messages.next();
    const answer = (text: string) => ({ jsonrpc: "2.0", id: request?.id, result: says(text) });
    expect((await post(answer("from another session"), other)).status).toBe(202);
    expect((await post({ ...answer("to another request"), id: crypto.randomUUID() }, session)).status).toBe(202);
    expect((await post(answer("from a made-up session"), `sess_${"A".repeat(43)}`)).status).toBe(404);
    expect((await post(answer("the right one"), session)).status).toBe(202);
    expect(JSON.stringify((await messages.next()).value)).toContain("the right one");
  });
});

const ELICITATION = { name: "test_elicitation", arguments: { message: "?" } };

function post(body: object, session?: string): Promise<Response> {
  return fetch(`${url()}/mcp`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "Mcp-Protocol-Version": "2025-11-25",
      ...(session === undefined ? {} : { "Mcp-Session-Id": session }),
    },
    body: JSON.stringify(body),
  });
}

async function initialize(): Promise<string> {
  const clientInfo = { name: "raw", version: "1" };
  const params = { protocolVersion: "2025-11-25", capabilities, clientInfo };
  const response = await post({ jsonrpc: "2.0", id: 0, method: "initialize", params });
  return response.headers.get("mcp-session-id") ?? "";
}

async function* messagesOf(response: Response): AsyncGenerator<{ id?: unknown }> {
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
      const data = /^data: (.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield JSON.parse(data) as { id?: unknown };
    }
  }
}
