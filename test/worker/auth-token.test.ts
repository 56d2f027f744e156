import { afterEach, describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { callTool, ENDPOINT, initialize, startApp } from "../support/apps.ts";

afterEach(() => vi.restoreAllMocks());

describe("a server in AUTH_MODE token", () => {
  it("accepts only callers with a stored token, old or new", async () => {
    const old = await createToken("alice", ["sessions"]);
    const both = await createToken("alice", ["sessions"], old.secret);
    const send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: both.secret });
    for (const { token } of [old, both]) expect((await send(initialize({ token }))).status).toBe(200);
    const set = await send(callTool("set_working_directory", { directory: "/a" }, { token: old.token }));
    const session_id = String(set.json.result?.structuredContent?.session_id);
    const get = await send(callTool("get_working_directory", { session_id }, { token: both.token }));
    expect(get.json.result?.structuredContent?.working_directory).toBe("/a");
    const hash = Object.keys(JSON.parse(old.secret))[0];
    for (const token of [
      undefined,
      "",
      "x",
      `${old.token}x`,
      old.token.toUpperCase(),
      hash,
      "__proto__",
      "constructor",
    ]) {
      const answer = await send(initialize({ token }));
      expect(answer.status, token).toBe(401);
      expect(answer.headers.get("WWW-Authenticate")).toMatch(/^Bearer error="invalid_token"/);
      // No authorization server issues such tokens, so clients must not be sent to one.
      expect(answer.headers.get("WWW-Authenticate")).not.toContain("resource_metadata");
    }
    const metadata = new Request(new URL("/.well-known/oauth-protected-resource", ENDPOINT), {
      headers: { Host: "mcp.example.workers.dev" },
    });
    expect((await send(metadata)).status).toBe(404);
  });

  it("answers 403 if the token lacks the scope", async () => {
    const { token, secret } = await createToken("root", ["admin"]);
    const answer = await startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret })(initialize({ token }));
    expect(answer.status).toBe(403);
    expect(answer.json.error).toBe("insufficient_scope");
  });

  it("gives nobody the sessions of anonymous callers, whatever their name", async () => {
    const open = startApp();
    const set = await open(callTool("set_working_directory", { directory: "/a" }));
    const session_id = String(set.json.result?.structuredContent?.session_id);
    const { token, secret } = await createToken("anonymous", ["sessions"]);
    const send = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret });
    expect((await send(callTool("get_working_directory", { session_id }, { token }))).json.result?.isError).toBe(true);
  });
});

describe("a server in AUTH_MODE none", () => {
  it("warns once per start, and only if it is deployed", async () => {
    const lines: string[] = [];
    vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
    const send = startApp({ LOG_LEVEL: "warn" });
    await send(new Request("http://localhost:8787/mcp", { method: "POST", headers: { Host: "localhost:8787" } }));
    expect(lines).toEqual([]);
    await send(initialize());
    await send(initialize());
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain("AUTH_MODE");
  });
});
