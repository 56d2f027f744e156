import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { RegistryClient } from "../../src/registry/registry-client.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import {
  type Answer,
  callTool,
  deletion,
  ERAS,
  initialize,
  message,
  post,
  type Send,
  startApp,
  visible,
} from "../support/apps.ts";

/** Well-formed, but never minted. */
const UNKNOWN = `sess_${"A".repeat(43)}`;

let send: Send;
let alice: string;
let mallory: string;
/** Tools that take a session, each with valid arguments. */
let tools: { name: string; args: Record<string, unknown> }[];

beforeAll(async () => {
  const first = await createToken("alice", ["sessions"]);
  const second = await createToken("mallory", ["sessions", "admin"], first.secret);
  alice = first.token;
  mallory = second.token;
  send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: second.secret });
  const listed = await send(post(message("legacy", "tools/list"), { token: alice }));
  const { tools: all } = JSON.parse(listed.text).result as {
    tools: { name: string; inputSchema: { properties?: Record<string, object>; required?: string[] } }[];
  };
  tools = all
    .filter(({ inputSchema }) => inputSchema.properties && "session_id" in inputSchema.properties)
    .map(({ name, inputSchema }) => ({
      name,
      args: Object.fromEntries((inputSchema.required ?? []).map((argument) => [argument, "/mallory"])),
    }));
});

async function sets(token: string, directory: string): Promise<string> {
  const set = await send(callTool("set_working_directory", { directory }, { token }));
  return String(set.json.result?.structuredContent?.session_id);
}

const aliceSets = () => sets(alice, "/alice");

const each = async <T>(items: readonly T[], check: (item: T) => Promise<unknown>): Promise<void> =>
  void (await Promise.all(items.map(check)));

async function expectUntouched(session_id: string): Promise<void> {
  const got = await send(callTool("get_working_directory", { session_id }, { token: alice }));
  expect(got.json.result?.structuredContent).toMatchObject({ working_directory: "/alice", session_id });
}

describe("another principal's session", () => {
  it("is tested with every tool that takes a session", () => {
    expect(tools.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["set_working_directory", "get_working_directory", "get_session_context", "end_session"]),
    );
  });

  it.each(ERAS)("looks like an unknown one to every tool (%s), and is not changed", async (era) => {
    const session = await aliceSets();
    await each(tools, async ({ name, args }) => {
      const foreign = await send(callTool(name, { ...args, session_id: session }, { era, token: mallory }));
      const unknown = await send(callTool(name, { ...args, session_id: UNKNOWN }, { era, token: mallory }));
      expect(foreign.json.result?.isError, name).toBe(true);
      expect(visible(foreign, session), name).toEqual(visible(unknown, UNKNOWN));
    });
    await expectUntouched(session);
  });

  it("looks like an unknown one in the session header of every message and of DELETE: 404", async () => {
    const session = await aliceSets();
    const messages = [
      ...["ping", "tools/list", "resources/list", "prompts/list", "no/such/method"].map((m) => message("legacy", m)),
      { jsonrpc: "2.0", method: "notifications/initialized" },
      ...tools.map(({ name, args }) => message("legacy", "tools/call", { name, arguments: args })),
    ];
    await each(messages, async (body) => {
      const foreign = await send(post(body, { token: mallory, session }));
      const unknown = await send(post(body, { token: mallory, session: UNKNOWN }));
      expect(foreign.status, JSON.stringify(body)).toBe(404);
      expect(visible(foreign, session), JSON.stringify(body)).toEqual(visible(unknown, UNKNOWN));
    });
    const foreign = await send(deletion(session, mallory));
    expect(foreign.status).toBe(404);
    expect(visible(foreign, session)).toEqual(visible(await send(deletion(UNKNOWN, mallory)), UNKNOWN));
    await expectUntouched(session);
  });

  it("is not reached through the header of a modern request or of initialize", async () => {
    const session = await aliceSets();
    const modern = await send(callTool("get_working_directory", {}, { era: "modern", token: mallory, session }));
    expect(modern.json.result?.structuredContent).toMatchObject({ session_id: null, working_directory: null });
    const opened = await send(initialize({ token: mallory, session }));
    expect(opened.headers.get("Mcp-Session-Id")).not.toBe(session);
    await expectUntouched(session);
  });

  it("cannot be reached with one's own session in the header", async () => {
    const session = await aliceSets();
    const own = (await send(initialize({ token: mallory }))).headers.get("Mcp-Session-Id") ?? "";
    await each(tools, async ({ name, args }) => {
      const options = { token: mallory, session: own };
      const foreign = await send(callTool(name, { ...args, session_id: session }, options));
      const unknown = await send(callTool(name, { ...args, session_id: UNKNOWN }, options));
      expect(visible(foreign, session), name).toEqual(visible(unknown, UNKNOWN));
    });
    await expectUntouched(session);
  });

  it("looks like an unknown one in the header whatever session the argument names, and nothing is done", async () => {
    const session = await aliceSets();
    const own = await sets(mallory, "/before");
    const inHeader = (id: string, args: object, name = "get_working_directory") =>
      send(callTool(name, args, { token: mallory, session: id }));
    const alike = async (args: (id: string) => object, name?: string) => {
      const [foreign, unknown] = (await Promise.all([session, UNKNOWN].map((id) => inHeader(id, args(id), name)))) as [
        Answer,
        Answer,
      ];
      expect(visible(foreign, session)).toEqual(visible(unknown, UNKNOWN));
      return foreign;
    };
    // The argument alone decides: an unused header is not checked.
    const used = await alike(() => ({ session_id: own }));
    expect(used.json.result?.structuredContent).toMatchObject({ working_directory: "/before" });
    const other = await sets(alice, "/other");
    expect((await alike(() => ({ session_id: other }))).json.result?.isError).toBe(true);
    expect((await alike(() => ({ session_id: UNKNOWN }))).status).toBe(404);
    const set = await alike(() => ({ session_id: own, directory: "/before" }), "set_working_directory");
    expect(set.json.result?.structuredContent).toMatchObject({ session_id: own });
    // If the header decides, it is refused.
    expect((await alike((id) => ({ session_id: id }))).status).toBe(404);
    expect((await alike(() => ({}))).status).toBe(404);
    expect((await alike(() => ({}), "get_session_count")).status).toBe(404);
    await expectUntouched(session);
  });

  it("does not affect a call with another session in the argument than in the header, both the caller's", async () => {
    const [one, two] = [await sets(alice, "/one"), await sets(alice, "/two")];
    const got = await send(callTool("get_working_directory", { session_id: one }, { token: alice, session: two }));
    expect(got.json.result?.structuredContent).toMatchObject({ working_directory: "/one", session_id: one });
  });

  it("stays unknown after its owner has ended it with DELETE", async () => {
    const session = await aliceSets();
    expect((await send(deletion(session, alice))).status).toBe(204);
    const foreign = await send(callTool("get_session_context", { session_id: session }, { token: mallory }));
    const unknown = await send(callTool("get_session_context", { session_id: UNKNOWN }, { token: mallory }));
    expect(visible(foreign, session)).toEqual(visible(unknown, UNKNOWN));
    const header = await send(post(message("legacy", "ping"), { token: mallory, session }));
    expect(visible(header, session)).toEqual(
      visible(await send(post(message("legacy", "ping"), { token: mallory, session: UNKNOWN })), UNKNOWN),
    );
    // Its owner gets the same answer by header, and the reason in a tool's answer.
    const own = await send(post(message("legacy", "ping"), { token: alice, session }));
    expect({ status: own.status, text: own.text }).toEqual({ status: 404, text: header.text });
  });
});

describe("a session id that was not minted by this server", () => {
  it("is refused in every form, in argument and header, and stores nothing", async () => {
    const config = parseConfig({});
    const registry = new RegistryClient(env.REGISTRY, config);
    const real = await aliceSets();
    const swapped = real.replace(/[a-z](?=[^a-z]*$)/, (letter) => letter.toUpperCase());
    const foreignNamespace = new Sessions(env.REGISTRY as never, config).mint().sessionId;
    const forged = [
      UNKNOWN,
      real.slice(0, -1),
      `${real}A`,
      real.slice(5),
      real.toUpperCase(),
      real.toLowerCase(),
      swapped,
      real.split("").reverse().join(""),
      foreignNamespace,
      `${real},${UNKNOWN}`,
      "sess_",
      "",
      "default",
      "../../etc/passwd",
      "__proto__",
      "1 OR 1=1",
      "sess_é",
      "x".repeat(10_000),
    ].filter((id) => id !== real);
    const before = await registry.count(ANONYMOUS);
    await each(forged, async (id) => {
      await each(tools, async ({ name, args }) => {
        // An empty argument counts as absent; an empty header is malformed.
        await each(id === "" ? [] : ERAS, async (era) => {
          const answer = await send(callTool(name, { ...args, session_id: id }, { era, token: alice }));
          expect(answer.status, id).toBe(200);
          expect(answer.json.result?.isError, id).toBe(true);
        });
        expect((await send(callTool(name, args, { token: alice, session: id }))).status, id).toBe(404);
      });
      expect((await send(post(message("legacy", "tools/list"), { token: alice, session: id }))).status, id).toBe(404);
    });
    expect(await registry.count(ANONYMOUS)).toEqual(before);
    await expectUntouched(real);
  });
});
