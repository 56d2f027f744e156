/** The short way past the SDK answers like the SDK: the same requests to both give the same bytes, except for ids and times. */
import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { afterEach, expect, inject, it, vi } from "vitest";
import type { Answer } from "../../src/http/mcp/answer.ts";
import { type Message as Classified, classify } from "../../src/http/mcp/classify.ts";
import { KnownAnswerer } from "../../src/http/mcp/known-answerer.ts";
import { ToolAnswerer } from "../../src/http/mcp/tool-answerer.ts";
import { SERVER_INFO, TOOLS } from "../../src/server/server.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { ENDPOINT, type Send, startApp } from "../support/apps.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

const E = "io.modelcontextprotocol/";
type Json = Record<string, unknown>;

const envelopes: Json[] = [
  { [`${E}protocolVersion`]: "2026-07-28", [`${E}clientCapabilities`]: {} },
  {
    [`${E}protocolVersion`]: "2026-07-28",
    [`${E}clientCapabilities`]: { elicitation: {} },
    [`${E}clientInfo`]: { name: "claude-code", version: "2.1.0" },
  },
];
const oddEnvelopes: Json[] = [
  { [`${E}protocolVersion`]: "2026-07-28" },
  { [`${E}protocolVersion`]: 7, [`${E}clientCapabilities`]: {} },
  { [`${E}protocolVersion`]: "2099-01-01", [`${E}clientCapabilities`]: {} },
  { [`${E}protocolVersion`]: "2026-07-28", [`${E}clientCapabilities`]: 5 },
  { [`${E}protocolVersion`]: "2026-07-28", [`${E}clientCapabilities`]: {}, [`${E}clientInfo`]: "x" },
  { [`${E}protocolVersion`]: "2026-07-28", [`${E}clientCapabilities`]: {}, progressToken: {} },
];

const sometimes = <T, U>(usual: fc.Arbitrary<T>, odd: fc.Arbitrary<U>): fc.Arbitrary<T | U> =>
  fc.oneof({ weight: 5, arbitrary: usual }, { weight: 1, arbitrary: odd });

const project = { version: "1.0", project: { name: "shop", id: "6f1c2d3e-4b5a-4978-8a6b-5c4d3e2f1a0b" } };
const directory = fc.constantFrom("/a", "/a/b", "/a//b/./c/", "C:\\x", "file:///a/b%20c", "relative", "", "/a\u0000b");
/** `MINE` and `OTHER` stand for the two sessions of each side. */
const sessionId = fc.constantFrom("MINE", "OTHER", "sess_wrong", undefined);

const fittingArgs: Record<string, fc.Arbitrary<Json>> = {
  set_working_directory: fc.record(
    {
      directory,
      session_id: sessionId,
      config: fc.constantFrom(project, JSON.stringify(project), "{", {}),
      config_path: directory,
    },
    { requiredKeys: ["directory"] },
  ),
  get_working_directory: fc.record({ session_id: sessionId }),
  get_session_context: fc.record({ session_id: sessionId }),
  get_session_count: fc.record({ session_id: sessionId }),
  list_sessions: fc.record({ cursor: fc.constantFrom("x", undefined), session_id: sessionId }),
  end_session: fc.record({ session_id: sessionId }),
  resolve_project: fc.record({ project: fc.constantFrom("shop", "Shop", "", undefined), session_id: sessionId }),
  register_project: fc.record({ root: directory, config: fc.constantFrom(project, "{"), session_id: sessionId }),
  list_projects: fc.record({ session_id: sessionId }),
  remove_project: fc.record({ root: directory, session_id: sessionId }),
  set_active_project: fc.record({ project: fc.constantFrom("shop", null), session_id: sessionId }),
};

/** As bridges and strict-schema adapters send them: renamed, blank, with unknown or misspelt arguments. */
const altered = (arbitrary: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc
    .tuple(
      arbitrary,
      fc.constantFrom(
        (name: string) => name,
        (name: string) => name.replaceAll("_", ""),
      ),
      sometimes(fc.constant({}), fc.constantFrom<Json>({ toolCallId: "x" }, { cursor: null }, { sesion_id: "x" })),
      fc.constantFrom(undefined, null, ""),
    )
    .map(([given, rename, more, blank]) => ({
      ...Object.fromEntries(Object.entries(given).map(([name, value]) => [rename(name), value ?? blank])),
      ...more,
    }));

const args = Object.fromEntries(Object.entries(fittingArgs).map(([name, arbitrary]) => [name, altered(arbitrary)]));

/** Messages other than tool calls, with the same answer for everybody. */
const general = fc.oneof(
  fc.record({
    method: fc.constant("initialize"),
    params: sometimes(
      fc.record({
        protocolVersion: fc.constantFrom("2025-11-25", "2025-06-18", "2025-03-26", "2099-01-01"),
        capabilities: fc.constantFrom({}, { roots: {} }),
        clientInfo: fc.constantFrom({ name: "a", version: "1" }, { name: "b", version: "2" }),
      }),
      fc.constantFrom<unknown>(undefined, {}, null, [], { protocolVersion: 5 }),
    ),
  }),
  fc.record({
    method: sometimes(fc.constant("tools/list"), fc.constantFrom("server/discover", "ping", "resources/list")),
    params: sometimes(
      fc.constantFrom(undefined, {}),
      fc.constantFrom<unknown>({ cursor: "x" }, { cursor: 5 }, { more: 1 }, null, []),
    ),
  }),
);

const message = fc.constantFrom(...Object.keys(args), "no_such_tool").chain((name) =>
  fc.record({
    general: fc.oneof(fc.constant(null), general),
    era: fc.constantFrom("legacy", "modern"),
    name: fc.constant(name),
    args: sometimes(
      args[name] ?? fc.constant({}),
      fc.constantFrom(undefined, null, [], "x", { extra: 1 }, { directory: 5 }),
    ),
    id: sometimes(fc.constantFrom<unknown>(1, "a", -7), fc.constantFrom(null, 1.5, {}, undefined)),
    header: fc.constantFrom("MINE", "OTHER", undefined, undefined, "wrong"),
    version: sometimes(
      fc.constantFrom("2025-11-25", "2025-06-18", undefined),
      fc.constantFrom("2026-07-28", "1999-01-01"),
    ),
    meta: sometimes(
      fc.constantFrom<unknown>(undefined, { progressToken: 3 }, { progressToken: "t", vendor: 1 }),
      fc.constantFrom<unknown>(null, [], { progressToken: {} }, { [`${E}related-task`]: { taskId: "x" } }),
    ),
    envelope: sometimes(fc.constantFrom(...envelopes), fc.constantFrom(...oddEnvelopes)),
    headers: sometimes(
      fc.constant({}),
      fc.constantFrom({ "mcp-name": "x" }, { "mcp-method": "ping" }, { "mcp-protocol-version": "2025-11-25" }),
    ),
    extra: sometimes(
      fc.constant({}),
      fc.constantFrom({ more: 1 }, { jsonrpc: "1.0" }, { method: "ping" }, { params: [] }),
    ),
    extraParams: sometimes(fc.constant({}), fc.constantFrom({ task: {} }, { more: 1 })),
  }),
);
type Message = typeof message extends fc.Arbitrary<infer M> ? M : never;

const withMeta = (params: unknown, _meta: unknown) =>
  params === null || Array.isArray(params) ? params : { ...(params as Json | undefined), _meta };

/** The same request for one side, with that side's sessions. */
function requestFor(
  { general, era, name, args, id, header, version, meta, envelope, headers, extra, extraParams }: Message,
  mine: string,
  other: string,
) {
  const fill = (text: string) => (text === "MINE" ? mine : text === "OTHER" ? other : text);
  const filled = JSON.parse(JSON.stringify(args ?? null), (_, value) =>
    typeof value === "string" ? fill(value) : value,
  );
  const called = { name, ...(args === undefined ? {} : { arguments: filled }), ...extraParams };
  const { method, params } = general ?? { method: "tools/call", params: called };
  const _meta = era === "modern" ? envelope : meta;
  const whole =
    _meta === undefined || (typeof params !== "object" && params !== undefined) ? params : withMeta(params, _meta);
  const body = { jsonrpc: "2.0", id, method, params: whole, ...extra };
  const all: Record<string, string> = {
    "content-type": "application/json",
    accept: "application/json, text/event-stream",
    host: "localhost",
    "user-agent": "differential/1",
    ...(era === "modern"
      ? { "mcp-protocol-version": "2026-07-28", "mcp-method": method, ...(general === null && { "mcp-name": name }) }
      : version && { "mcp-protocol-version": version }),
    ...(header === undefined ? {} : { "mcp-session-id": fill(header) }),
    ...headers,
  };
  return new Request(ENDPOINT, { method: "POST", headers: all, body: JSON.stringify(body) });
}

/** An answer without the parts that differ between runs. */
async function answerTo(send: Send, request: Request) {
  const { status, headers, text } = await send(request);
  return JSON.stringify({ status, headers: Object.fromEntries(headers), text }, null, 1)
    .replaceAll(/sess_[A-Za-z0-9_-]{43}/g, "SESSION")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "UUID");
}

it("answers every request as the SDK does", { timeout: 120_000 }, async () => {
  const direct = startApp();
  const sdk = startApp({}, {}, null as never);
  const sessions = new Sessions(env.SESSIONS, parseConfig({}));
  const read = vi.spyOn(ToolAnswerer.prototype, "take");
  const find = vi.spyOn(KnownAnswerer.prototype, "take");
  await fc.assert(
    fc.asyncProperty(fc.array(message, { minLength: 10, maxLength: 30 }), async (messages) => {
      const [a, b] = [0, 1].map(() => [sessions.mint().sessionId, sessions.mint().sessionId] as const);
      for (const one of messages) {
        // One after the other: both count the same sessions, so each side must have as many of its own.
        const [left, right] = [
          await answerTo(direct, requestFor(one, ...(a as [string, string]))),
          await answerTo(sdk, requestFor(one, ...(b as [string, string]))),
        ];
        if (one.name === "get_session_count" && one.general === null) {
          expect(left.slice(0, 20)).toBe(right.slice(0, 20));
          continue;
        }
        expect(left).toBe(right);
      }
    }),
    { numRuns: Math.ceil(inject("fuzzRuns") / 15) },
  );
  const taken = read.mock.results.filter(({ value }) => value !== null).length;
  // The test proves nothing if all requests take the short way, or none.
  expect(taken).toBeGreaterThan(read.mock.results.length / 12);
  expect(taken).toBeLessThan(read.mock.results.length);
  for (const era of ["legacy", "modern"]) {
    const given = find.mock.calls.filter(
      ([message], n) => message.era === era && find.mock.results[n]?.value !== null,
    ).length;
    expect(given, era).toBeGreaterThan(10);
  }
});

/** The message as the answerers receive it. */
async function messageOf(headers: Record<string, string>, body: object): Promise<Classified> {
  const request = new Request("https://localhost/mcp", { method: "POST", headers });
  const classified = await classify(request, body, { json: true, stream: true });
  if (!classified.ok) throw new Error("refused");
  return classified.value.messages[0] as Classified;
}

const answered = (body: string, outcome: Answer["outcome"] = "ok"): Answer => ({
  status: 200,
  headers: new Headers(),
  body,
  outcome,
});

it("reuses a known answer for an identical request only, and stays bounded in memory", async () => {
  const answers = new KnownAnswerer();
  const list = (id: number, params: Json = {}, rest: Json = {}, version = "2025-11-25") =>
    messageOf({ "mcp-protocol-version": version }, { jsonrpc: "2.0", id, method: "tools/list", params, ...rest });
  const text = (id: number) => `{"result":{"tools":[]},"jsonrpc":"2.0","id":${id}}`;
  const given = async (message: Promise<Classified>) => {
    const taken = answers.take(await message);
    return taken === null ? null : (await taken.answer(undefined as never)).body;
  };
  expect(await given(list(1))).toBeNull();
  answers.learn(await list(1), answered(text(1)));
  expect(await given(list(2, { _meta: { progressToken: 5 } }))).toBeNull();
  expect(await given(list(2))).toBe(text(2));
  expect(await given(list(2, { cursor: "x" }))).toBeNull();
  expect(await given(list(2, {}, {}, "2025-06-18"))).toBeNull();
  expect(await given(list(2, {}, { more: 1 }))).toBeNull();
  // An error, and an answer with different framing.
  const error = '{"error":{"code":1,"message":""},"jsonrpc":"2.0","id":1}';
  answers.learn(await list(1, { n: 1 }), answered(error, "rejected"));
  answers.learn(await list(1, { n: 1 }), answered('{"jsonrpc":"2.0","id":1,"result":{"tools":[]}}'));
  expect(await given(list(1, { n: 1 }))).toBeNull();
  // Names of progress and traces do not matter.
  answers.learn(await list(1, { _meta: { progressToken: 5, vendor: 1 } }), answered(text(1)));
  expect(await given(list(3, { _meta: { vendor: 1, traceparent: "x" } }))).toBe(text(3));
  expect(await given(list(3, { _meta: { vendor: 2 } }))).toBeNull();
  for (let n = 0; n < 2000; n++) answers.learn(await list(1, { n }), answered(text(1)));
  expect(await given(list(1))).toBeNull();
  expect(await given(list(1, { n: 1999 }))).toBe(text(1));
});

it("learns an envelope only after the SDK has accepted it, and stays bounded in memory", async () => {
  const calls = new ToolAnswerer(TOOLS, SERVER_INFO, () => {});
  const headers = {
    "mcp-protocol-version": "2026-07-28",
    "mcp-method": "tools/call",
    "mcp-name": "get_session_count",
  };
  const call = (n: number) =>
    messageOf(headers, {
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name: "get_session_count", _meta: { ...envelopes[0], vendor: n } },
    });
  expect(calls.take(await call(0))).toBeNull();
  calls.learn(await call(0), answered("", "rejected"));
  expect(calls.take(await call(0))).toBeNull();
  calls.learn(await call(0), answered(""));
  expect(calls.take(await call(0))).not.toBeNull();
  expect(calls.take(await call(1))).toBeNull();
  for (let n = 0; n < 2000; n++) calls.learn(await call(n), answered(""));
  expect(calls.take(await call(0))).toBeNull();
  expect(calls.take(await call(1999))).not.toBeNull();
});
