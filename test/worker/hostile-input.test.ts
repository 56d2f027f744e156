import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { type Answer, callTool, ENDPOINT, ERAS, initialize, message, post, startApp, watch } from "../support/apps.ts";

const sessions = watch(env.SESSIONS);
const send = startApp({}, { SESSIONS: sessions.namespace });
const HOST = { Host: "mcp.example.workers.dev" };

afterEach(() => vi.restoreAllMocks());

/** Refused in one of the protocol's two forms, without revealing internals, and without storing anything. */
async function expectRefused(asking: Promise<Answer>, ...statuses: number[]): Promise<Answer> {
  const answer = await asking;
  expect(statuses).toContain(answer.status);
  const { error, result } = answer.json;
  expect(
    result?.isError === true || (typeof error === "object" && typeof error.message === "string"),
    answer.text,
  ).toBe(true);
  expect(answer.text).not.toMatch(/\bat [^ ]+ ?\(|\.[tj]s:\d+|node_modules|RangeError|TypeError/);
  expect(sessions.asked()).toBe(0);
  return answer;
}

const nested = (depth: number, open: string, close: string) => `${open.repeat(depth)}1${close.repeat(depth)}`;
const asArgument = (json: string) =>
  `{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"set_working_directory","arguments":{"directory":${json}}}}`;

describe("a body", () => {
  it.each([
    ["empty", ""],
    ["of white space", "  \n"],
    ["that is no JSON", "{"],
    ["with a second value after the first", '{"jsonrpc":"2.0","id":1,"method":"ping"} {}'],
    ["null", "null"],
    ["a number", "1e999"],
    ["a string", '"ping"'],
    ["an empty array", "[]"],
    ["an array of nonsense", "[1,null,[],{}]"],
    ["an empty object", "{}"],
    ["without method", '{"jsonrpc":"2.0","id":1}'],
    ["with a method of another type", '{"jsonrpc":"2.0","id":1,"method":{"toString":1}}'],
    ["with an id of another type", '{"jsonrpc":"2.0","id":{"a":1},"method":"ping"}'],
    ["with params of another type", '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":"x"}'],
    ["of a hundred thousand brackets", "[".repeat(100_000)],
    ["of a hundred thousand nested arrays", nested(100_000, "[", "]")],
    ["with arguments nested deeper than the limit", asArgument(nested(70, '{"a":', "}"))],
  ])("%s is refused with 400 in either era", async (_name, body) => {
    for (const era of ERAS) await expectRefused(send(post(body, { era })), 400);
  });

  it("of a million nested arrays is refused for its size before it is parsed", async () => {
    await expectRefused(send(post(nested(1_000_000, "[", "]"))), 413);
    const stream = new ReadableStream({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode("[".repeat(65_536)));
      },
    });
    const endless = new Request(ENDPOINT, { method: "POST", headers: post("").headers, body: stream });
    await expectRefused(send(endless), 413);
  });

  it("that is not UTF-8 is refused, not repaired", async () => {
    const bytes = new TextEncoder().encode(asArgument('"/a?"'));
    bytes[bytes.indexOf(0x3f)] = 0xff;
    await expectRefused(send(new Request(ENDPOINT, { method: "POST", headers: post("").headers, body: bytes })), 400);
  });

  it("with a batch beyond the limit is refused as a whole", async () => {
    const batch = Array.from({ length: 21 }, () => JSON.parse(asArgument('"/a"')));
    await expectRefused(send(post(batch, { headers: { "MCP-Protocol-Version": "2025-03-26" } })), 400);
  });

  it.each(ERAS)("that attempts prototype pollution has no effect (%s)", async (era) => {
    const evil = [
      `{"__proto__":{"polluted":1},"directory":"/a"}`,
      `{"constructor":{"prototype":{"polluted":1}},"directory":5}`,
      `{"directory":{"__proto__":{"polluted":1}}}`,
      `{"directory":["__proto__"]}`,
    ];
    for (const args of evil) {
      const body = JSON.stringify(message(era, "tools/call", { name: "set_working_directory", arguments: "ARGS" }));
      const headers = era === "modern" ? { "Mcp-Method": "tools/call", "Mcp-Name": "set_working_directory" } : {};
      await expectRefused(send(post(body.replace('"ARGS"', args), { era, headers })), 200, 400);
      expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    }
    for (const name of ["__proto__", "constructor", "toString", "hasOwnProperty", ""]) {
      await expectRefused(send(callTool(name, {}, { era })), 200, 400);
    }
  });

  it.each(ERAS)("with half a surrogate pair as a path is refused (%s)", async (era) => {
    for (const directory of ["/a\ud800", "/\udc00b"]) {
      await expectRefused(send(callTool("set_working_directory", { directory }, { era })), 200);
    }
    const answer = await expectRefused(
      send(callTool("get_working_directory", { session_id: "sess_\ud800" }, { era })),
      200,
    );
    expect(answer.text.isWellFormed()).toBe(true);
  });

  it.each(ERAS)("with arguments of wrong types and sizes is refused by every tool (%s)", async (era) => {
    const values = [
      null,
      1,
      true,
      [],
      { a: 1 },
      "",
      " ",
      "relative",
      "/a\u0000b",
      "/".padEnd(5000, "a"),
      1e308,
      "\u202e",
    ];
    for (const name of ["set_working_directory", "get_working_directory", "get_session_context", "end_session"]) {
      for (const value of values) {
        const wrong = [{ directory: value, session_id: value }, { session_id: value, extra: 1 }, value, [value]];
        // Reading needs no argument: a blank session_id counts as absent, and an unknown name is ignored.
        const isRead = (args: unknown) => name !== "set_working_directory" && mayBeCalledWith(args);
        for (const args of wrong.filter((args) => !isRead(args))) {
          await expectRefused(send(callTool(name, args, { era })), 200, 400);
        }
      }
    }
  });
});

const mayBeCalledWith = (args: unknown): boolean => {
  if (typeof args !== "object" || args === null || Array.isArray(args)) return false;
  const { session_id = "" } = args as { session_id?: unknown };
  return session_id === null || session_id === "";
};

describe("a header", () => {
  it("cannot contain a line break: the platform rejects such a request", () => {
    for (const value of ["a\r\nSet-Cookie: x", "a\nb", "a\0b"]) {
      expect(() => new Request(ENDPOINT, { headers: { "Mcp-Session-Id": value } })).toThrow(TypeError);
    }
  });

  it("with non-ASCII text is refused like any other wrong value, and never echoed into a header", async () => {
    const odd = "é\u00ff\u0080";
    await expectRefused(send(post(message("legacy", "ping"), { session: odd })), 404);
    await expectRefused(send(post(message("legacy", "ping"), { headers: { Origin: odd } })), 403);
    await expectRefused(send(post(message("legacy", "ping"), { headers: { Host: odd } })), 403);
    await expectRefused(send(post(message("legacy", "ping"), { headers: { "Content-Type": odd } })), 415);
    await expectRefused(send(post(message("legacy", "ping"), { headers: { Accept: odd } })), 406);
    await expectRefused(send(post(message("legacy", "ping"), { headers: { "MCP-Protocol-Version": odd } })), 400);
    for (const name of ["Mcp-Method", "Mcp-Name"]) {
      await expectRefused(send(callTool("end_session", {}, { era: "modern", headers: { [name]: odd } })), 400);
    }
    const set = await startApp()(
      callTool("set_working_directory", { directory: "/a" }, { headers: { "User-Agent": odd } }),
    );
    expect(set.status).toBe(200);
  });

  it("section beyond the limit is refused with 431, a URL beyond it with 414", async () => {
    await expectRefused(send(initialize({ headers: { "X-Large": "a".repeat(33_000) } })), 431);
    await expectRefused(send(initialize({ session: "a".repeat(33_000) })), 431);
    const many = Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`x-${i}`, "a".repeat(100)]));
    await expectRefused(send(initialize({ headers: many })), 431);
    await expectRefused(send(new Request(`${ENDPOINT}?${"a".repeat(5000)}`, { headers: HOST })), 414);
  });

  it("that contradicts the body of a modern message is refused", async () => {
    const headers = { "Mcp-Name": "end_session" };
    await expectRefused(send(callTool("get_session_context", {}, { era: "modern", headers })), 400);
  });
});

describe("a path", () => {
  it("that is not a route is answered with 404 and nothing else", async () => {
    for (const path of [
      "/mcp//",
      "/assets/..%2fmcp",
      "/MCP",
      "/mcp/..%2f",
      "//mcp",
      "/%00",
      "/.env",
      "/mcp%2f",
      "/\\mcp",
      "/__proto__",
    ]) {
      const answer = await send(new Request(`https://mcp.example.workers.dev${path}`, { headers: HOST }));
      expect(answer.status, path).toBe(404);
      expect(answer.text).not.toMatch(/\.ts:\d+/);
    }
  });

  it.each(["GET", "PUT", "PATCH", "HEAD", "PROPFIND"])("/mcp with %s is answered with 405", async (method) => {
    const answer = await send(new Request(ENDPOINT, { method, headers: HOST }));
    expect(answer.status).toBe(405);
    expect(answer.headers.get("Allow")).toBe("POST, DELETE, OPTIONS");
  });
});

it("A bug is answered with 500 without its text, which is only logged", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "error").mockImplementation((line) => void lines.push(String(line)));
  const broken = {
    get: () => {
      throw new Error("inner secret");
    },
  } as unknown as Env["SESSIONS"];
  const { sessionId } = await mintedSession();
  const namespace = Object.assign(Object.create(null), broken, {
    idFromString: (id: string) => env.SESSIONS.idFromString(id),
  });
  const answer = await startApp({}, { SESSIONS: namespace })(post(message("legacy", "ping"), { session: sessionId }));
  expect(answer.status).toBe(500);
  expect(answer.text).not.toContain("inner secret");
  expect(lines.join()).toContain("inner secret");
});

async function mintedSession(): Promise<{ sessionId: string }> {
  const opened = await send(initialize());
  return { sessionId: opened.headers.get("Mcp-Session-Id") ?? "" };
}
