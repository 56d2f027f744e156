import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, inject, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { RegistryClient } from "../../src/registry/registry-client.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { type Answer, callTool, type Era, message, post, startApp } from "../support/apps.ts";

declare module "vitest" {
  interface ProvidedContext {
    fuzzRuns: number;
  }
}

const RUNS = inject("fuzzRuns");
const config = parseConfig({});

interface Shot {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body: string;
}

interface Call {
  readonly rpcMethod: unknown;
  readonly name: unknown;
  readonly args: unknown;
  readonly id: unknown;
}

const STANDARD_HEADERS = [
  "Content-Type",
  "Accept",
  "Host",
  "Authorization",
  "MCP-Protocol-Version",
  "Mcp-Method",
  "Mcp-Name",
];

/** Requests of every kind. Random ones rarely get past the first check, so most are valid except for a detail. */
function shots(tokens: readonly string[], sessions: readonly string[], tools: readonly string[]): fc.Arbitrary<Shot> {
  const visible = fc.string({ unit: "grapheme-ascii", maxLength: 60 }).map((text) => text.trim());
  const odd = fc.oneof(visible, fc.string({ unit: "binary", maxLength: 40 }), fc.jsonValue({ maxDepth: 3 }));
  const mostly = <T, U>(usual: fc.Arbitrary<T>, otherwise: fc.Arbitrary<U>) =>
    fc.oneof({ weight: 6, arbitrary: usual }, { weight: 1, arbitrary: otherwise });

  const session = mostly(fc.constantFrom(...sessions), odd);
  const directory = fc.constantFrom("/a", "C:\\b", "file:///c", "\\\\host\\share");
  const args = fc.oneof(
    fc.record({ directory }),
    fc.record({ directory, session_id: session }),
    fc.record({ session_id: session }),
    fc.constant({}),
    fc.dictionary(
      fc.constantFrom("directory", "session_id", "__proto__", "constructor", "config", "root", "project", "cursor"),
      fc.oneof(directory, session, odd),
      { maxKeys: 3 },
    ),
  );
  const name = mostly(fc.constantFrom(...tools), odd);
  const rpcMethod = mostly(
    fc.constantFrom("tools/call", "tools/call", "tools/call", "tools/list", "initialize", "ping", "server/discover"),
    odd,
  );
  const call = fc.record({ rpcMethod, name, args: mostly(args, odd), id: mostly(fc.nat(), odd) });
  const rpc = (era: Era, { rpcMethod, name, args, id }: Call) => ({
    ...message(era, "", { name, arguments: args }),
    method: rpcMethod,
    id,
  });
  const damage = mostly(fc.constant(null), fc.tuple(fc.nat(), fc.nat({ max: 10 }), visible));

  /** Headers that replace the valid ones or are added to them. */
  const changes = mostly(
    fc.constant({}),
    fc.dictionary(
      fc.constantFrom(...STANDARD_HEADERS, "Origin", "Mcp-Session-Id", "Access-Control-Request-Method", "X-Other"),
      fc.oneof(visible, fc.constantFrom(...sessions, "http://localhost:3000", "2025-03-26", "application/json")),
      { minKeys: 1, maxKeys: 2 },
    ),
  );
  return fc
    .record({
      era: fc.constantFrom<Era>("legacy", "modern"),
      calls: mostly(fc.array(call, { minLength: 1, maxLength: 1 }), fc.array(call, { maxLength: 25 })),
      odd: mostly(fc.constant(null), odd),
      damage,
      changes,
      token: mostly(fc.constant(tokens[0]), fc.constantFrom(...tokens)),
      header: mostly(fc.constant(null), fc.constantFrom(...sessions)),
      method: mostly(fc.constant("POST"), fc.constantFrom("GET", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH")),
      path: fc.oneof({ weight: 20, arbitrary: fc.constant("/mcp") }, { weight: 1, arbitrary: fc.webPath() }),
    })
    .map(({ era, calls, odd, damage, changes, token, header, method, path }) => {
      const messages = calls.map((one) => rpc(era, one));
      const whole = JSON.stringify(odd ?? (messages.length === 1 ? messages[0] : messages)) ?? "";
      const [at, length, insert] = damage ?? [whole.length, 0, ""];
      const start = at % (whole.length + 1);
      const [first] = calls;
      const standard = {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        Host: "mcp.example.workers.dev",
        Authorization: `Bearer ${token}`,
        "MCP-Protocol-Version": era === "modern" ? "2026-07-28" : calls.length > 1 ? "2025-03-26" : "2025-11-25",
        ...(era === "modern" && { "Mcp-Method": ascii(first?.rpcMethod ?? ""), "Mcp-Name": ascii(first?.name ?? "") }),
        ...(header !== null && { "Mcp-Session-Id": header }),
      };
      const body = damage === null ? whole : whole.slice(0, start) + insert + whole.slice(start + length);
      return { method, path, headers: { ...standard, ...changes }, body };
    });
}

describe("any request at all", () => {
  it(`gets an answer that conforms to the protocols, and a refused one changes nothing (${RUNS} requests)`, async () => {
    const alice = await createToken("alice", ["sessions"]);
    const mallory = await createToken("mallory", ["sessions", "admin"], alice.secret);
    const send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: mallory.secret, ALLOWED_ORIGINS: "app.example.com" });
    const registry = new RegistryClient(env.REGISTRY, config);

    const set = await send(callTool("set_working_directory", { directory: "/alice" }, { token: alice.token }));
    const foreign = String(set.json.result?.structuredContent?.session_id);
    const minted = Array.from({ length: 5 }, () => new Sessions(env.SESSIONS, config).mint().sessionId);
    const made = [...minted, foreign, `sess_${"A".repeat(43)}`, foreign.toLowerCase()];
    const listed = await send(post(message("legacy", "tools/list"), { token: alice.token }));
    const tools = (JSON.parse(listed.text).result.tools as { name: string }[]).map(({ name }) => name);
    const countBefore = await registry.count(ANONYMOUS);
    const live = new Set<string>();
    const statuses: Record<number, number> = {};

    await fc.assert(
      fc.asyncProperty(shots([mallory.token, "guess", alice.secret.slice(2, 66)], made, tools), async (shot) => {
        const request = build(shot);
        if (request === null) return;
        const answer = await send(request);
        statuses[answer.status] = (statuses[answer.status] ?? 0) + 1;
        expectProtocol(answer);
        if (isPage(answer)) expect(shot.path).toMatch(PAGES);
        else note(shot, answer, live);
      }),
      { numRuns: RUNS },
    );

    console.info(`fuzz: ${JSON.stringify(statuses)}, contexts alive: ${live.size}`);
    const countAfter = await registry.count(ANONYMOUS);
    if (!countBefore.ok || !countAfter.ok) throw new Error("The registry does not answer");
    expect(countAfter.value.total).toBe(countBefore.value.total + live.size);
    const got = await send(callTool("get_working_directory", { session_id: foreign }, { token: alice.token }));
    expect(got.json.result?.structuredContent?.working_directory).toBe("/alice");
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  }, 600_000);
});

/** The HTML pages, the only answers that are not JSON. */
const PAGES = /^\/?(dashboard\/?)?([?#].*)?$/;
const isPage = ({ headers }: Answer) => headers.get("Content-Type")?.startsWith("text/html") === true;

const ascii = (value: unknown): string =>
  (typeof value === "string" ? value : JSON.stringify(value)).replace(/[^ -~]/g, "?");

/** The request, or null if the platform cannot create it. */
function build({ method, path, headers, body }: Shot): Request | null {
  try {
    const hasBody = method !== "GET" && method !== "HEAD";
    return new Request(`https://mcp.example.workers.dev${path}`, { method, headers, ...(hasBody && { body }) });
  } catch {
    return null;
  }
}

function expectProtocol(answer: Answer): void {
  const { status, headers, text } = answer;
  expect(status).toBeLessThan(500);
  expect(text).not.toMatch(/\bat [^ ]+ ?\(|\.[tj]s:\d+|node_modules/);
  expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
  if (text === "" || isPage(answer)) return;
  const body: unknown = headers.get("Content-Type")?.includes("event-stream")
    ? JSON.parse(/^data: (.+)$/m.exec(text)?.[1] ?? "")
    : JSON.parse(text);
  if (status < 400) return;
  const { error } = body as { error?: unknown };
  const isRpcError =
    typeof error === "object" &&
    error !== null &&
    Number.isInteger((error as { code?: unknown }).code) &&
    typeof (error as { message?: unknown }).message === "string";
  // OAuth errors, and those of routes other than MCP, are plain text.
  expect(isRpcError || (typeof error === "string" && [401, 403, 404, 405].includes(status)), text).toBe(true);
}

/** Tracks the live contexts from the answers. */
function note({ method, path, headers }: Shot, { status, text }: Answer, live: Set<string>): void {
  if (method === "DELETE" && path === "/mcp" && status === 204) live.delete(headers["Mcp-Session-Id"] ?? "");
  if (status !== 200) return;
  const data = /^data: (.+)$/m.exec(text)?.[1] ?? text;
  const answers = [JSON.parse(data || "null")].flat() as ({
    result?: { structuredContent?: { created?: boolean; ended?: boolean; session_id?: string } };
  } | null)[];
  for (const answer of answers) {
    const { created, ended, session_id = "" } = answer?.result?.structuredContent ?? {};
    if (created) live.add(session_id);
    if (ended) live.delete(session_id);
  }
}
