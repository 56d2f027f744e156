/** Somebody else's session and one that does not exist are refused after the same time, whichever way they are named. */
import { env } from "cloudflare:workers";
import { McpServer } from "@modelcontextprotocol/server";
import { beforeAll, describe, expect, it, vi } from "vitest";
import * as z from "zod";
import { createToken } from "../../scripts/token/create-token.ts";
import { failureResult } from "../../src/author/describe-failure.ts";
import { sessionApp } from "../../src/http/app.ts";
import { REFUSAL_STEP_MS } from "../../src/session/limits.ts";
import { parseConfig } from "../../src/settings/config.ts";
import {
  type Answer,
  callTool,
  deletion,
  ERAS,
  message,
  post,
  type Send,
  sendTo,
  startApp,
  visible,
  watch,
} from "../support/apps.ts";

/** Of the right form, minted by nobody. */
const UNKNOWN = `sess_${"A".repeat(43)}`;

/** What a server calls a request of its own. */
const ASKED = crypto.randomUUID();

let secret: string;
let alice: string;
let mallory: string;
let send: Send;
/** Another author's server: with state, and with tools that may ask the client something. */
let sendToAuthor: Send;

beforeAll(async () => {
  const first = await createToken("alice", ["sessions"]);
  const second = await createToken("mallory", ["sessions"], first.secret);
  [alice, mallory, secret] = [first.token, second.token, second.secret];
  send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret });
  sendToAuthor = sendTo(authorsApp({ AUTH_MODE: "token", AUTH_TOKENS: secret }));
});

function authorsApp(vars: Record<string, string>) {
  return sessionApp({
    config: parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", ...vars }),
    state: z.object({ count: z.number() }),
    buildServer({ session, state }) {
      const server = new McpServer({ name: "author", version: "1" }, { capabilities: { logging: {} } });
      // Its stream begins before it is known whether the session may be used.
      server.registerTool("chat", { inputSchema: z.object({}) }, async (_, ctx) => {
        const asked = session.get();
        await ctx.mcpReq.notify({ method: "notifications/message", params: { level: "info", data: "x" } });
        return { content: [], isError: !(await asked).ok };
      });
      server.registerTool("count", { inputSchema: z.object({ session_id: z.string() }) }, async ({ session_id }) => {
        const updated = await state.update("count", (count = 0) => count + 1, session_id);
        return updated.ok ? { content: [] } : failureResult(updated.failure);
      });
      return server;
    },
  });
}

async function sets(token: string, directory: string): Promise<string> {
  const set = await send(callTool("set_working_directory", { directory }, { token }));
  return String(set.json.result?.structuredContent?.session_id);
}

async function timed(request: Request, author = false): Promise<Answer & { elapsedMs: number }> {
  const startedAt = Date.now();
  const answer = await (author ? sendToAuthor : send)(request);
  return { ...answer, elapsedMs: Date.now() - startedAt };
}

/** Every way in which a session can be named. */
const doors: { name: string; author?: true; request: (id: string, token?: string) => Request }[] = [
  ...ERAS.map((era) => ({
    name: `the argument of a tool (${era})`,
    request: (id: string, token?: string) => callTool("get_session_context", { session_id: id }, { era, token }),
  })),
  {
    name: "the argument of a tool past the SDK's short way",
    request: (id, token) => {
      const call = message("legacy", "tools/call", { name: "end_session", arguments: { session_id: id } });
      return post([call], { token, headers: { "MCP-Protocol-Version": "2025-03-26" } });
    },
  },
  {
    name: "the argument of a tool about projects",
    request: (id, token) => callTool("resolve_project", { session_id: id }, { token }),
  },
  {
    name: "the argument of a set",
    request: (id, token) => callTool("set_working_directory", { directory: "/x", session_id: id }, { token }),
  },
  {
    name: "the header of a call",
    request: (id, token) => callTool("get_working_directory", {}, { token, session: id }),
  },
  {
    name: "the header of a call that asks no session",
    request: (id, token) => callTool("get_session_count", {}, { token, session: id }),
  },
  {
    name: "the header of another message",
    request: (id, token) => post(message("legacy", "tools/list"), { token, session: id }),
  },
  { name: "DELETE", request: (id, token) => deletion(id, token) },
  {
    name: "the state of another author's tool",
    author: true,
    request: (id, token) => callTool("count", { session_id: id }, { token }),
  },
  {
    name: "the header of a call whose answer is a stream",
    author: true,
    request: (id, token) => callTool("chat", {}, { token, session: id }),
  },
  {
    name: "the header of an answer to a request of the server",
    author: true,
    request: (id, token) => post({ jsonrpc: "2.0", id: ASKED, result: {} }, { token, session: id }),
  },
];

describe("the time of a refusal", () => {
  // A lower bound holds on a busy machine too. Timers may be early by the fraction of a millisecond that clocks leave out.
  const STEP = REFUSAL_STEP_MS - 2;

  it.each(doors)("is one step or more for a made-up and for a foreign id: $name", async ({ request, author }) => {
    const session = await sets(alice, "/alice");
    const kinds = [UNKNOWN, UNKNOWN.slice(0, -1), session];
    const [madeUp, truncated, foreign] = await Promise.all(kinds.map((id) => timed(request(id, mallory), author)));
    for (const refused of [madeUp, truncated, foreign]) expect(refused?.elapsedMs).toBeGreaterThanOrEqual(STEP);
    expect(visible(foreign as Answer, session)).toEqual(visible(madeUp as Answer, UNKNOWN));
    expect(visible(truncated as Answer, UNKNOWN.slice(0, -1))).toEqual(visible(madeUp as Answer, UNKNOWN));
    const got = await send(callTool("get_working_directory", { session_id: session }, { token: alice }));
    expect(got.json.result?.structuredContent).toMatchObject({ working_directory: "/alice" });
  });

  it("wakes no object for a made-up id", async () => {
    const { namespace, asked } = watch(env.SESSIONS);
    const watched = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret }, { SESSIONS: namespace });
    await Promise.all(doors.map(({ request }) => watched(request(UNKNOWN, mallory))));
    expect(asked()).toBe(0);
  });

  it("is waited for only when a session is unknown, and by nobody without an identity", async () => {
    const waits = vi.spyOn(scheduler, "wait");
    const anonymous = startApp();
    for (const { request } of doors) await anonymous(request(UNKNOWN));
    const own = await sets(mallory, "/mine");
    for (const { request } of doors.filter(({ name }) => name !== "DELETE")) await send(request(own, mallory));
    expect((await send(deletion(own, mallory))).status).toBe(204);
    expect((await send(deletion(own, mallory))).status).toBe(404);
    expect((await send(callTool("list_sessions", {}, { token: mallory }))).status).toBe(200);
    expect(waits).not.toHaveBeenCalled();
    waits.mockRestore();
  });
});
