import { afterEach, describe, expect, it, vi } from "vitest";
import { callTool, ENDPOINT, initialize, post, startApp } from "../support/apps.ts";
import { ISSUER, startWithIssuer as start } from "../support/issuer.ts";
import { linesOf } from "../support/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const seconds = () => Math.floor(Date.now() / 1000);

describe("a server in AUTH_MODE jwt", () => {
  it.each(["RS256", "PS256", "ES256", "EdDSA"])("accepts a token signed with %s", async (alg) => {
    const { issuer, send } = await start({}, alg);
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
  });

  it("answers 401 without a token, with a link to the authorization server", async () => {
    const { send } = await start();
    const answer = await send(initialize());
    expect(answer.status).toBe(401);
    expect(answer.headers.get("WWW-Authenticate")).toBe(
      'Bearer error="invalid_token", error_description="Missing Authorization header", scope="sessions", ' +
        'resource_metadata="https://mcp.example.workers.dev/.well-known/oauth-protected-resource/mcp"',
    );
    for (const path of ["", "/mcp"]) {
      const metadata = await send(
        new Request(`https://mcp.example.workers.dev/.well-known/oauth-protected-resource${path}`, {
          headers: { Host: "mcp.example.workers.dev" },
        }),
      );
      expect(metadata.status).toBe(200);
      expect(metadata.json).toMatchObject({
        resource: ENDPOINT,
        authorization_servers: [ISSUER],
        scopes_supported: ["sessions"],
        bearer_methods_supported: ["header"],
      });
    }
  });

  it("refuses every method on the endpoint, also unsupported ones, except OPTIONS, which lists the methods", async () => {
    const { send } = await start();
    for (const method of ["GET", "DELETE", "PUT", "PATCH"]) {
      const request = new Request(ENDPOINT, { method, headers: { Host: "mcp.example.workers.dev" } });
      expect((await send(request)).status, method).toBe(401);
    }
    const options = new Request(ENDPOINT, { method: "OPTIONS", headers: { Host: "mcp.example.workers.dev" } });
    expect((await send(options)).status).toBe(204);
  });

  it("accepts access tokens of every usual type, and of other types only if configured", async () => {
    const { issuer, send } = await start();
    for (const typ of ["at+jwt", "application/at+jwt", "AT+JWT", "JWT", "jwt", undefined]) {
      expect((await send(initialize({ token: await issuer.sign({}, { typ }) }))).status, typ).toBe(200);
    }
    const strict = startApp({ ...issuer.vars, JWT_TYPES: "application/at+jwt, Vendor+JWT" });
    for (const typ of ["at+jwt", "vendor+jwt"]) {
      expect((await strict(initialize({ token: await issuer.sign({}, { typ }) }))).status, typ).toBe(200);
    }
    for (const typ of ["JWT", undefined]) {
      expect((await strict(initialize({ token: await issuer.sign({}, { typ }) }))).status, typ).toBe(401);
    }
  });

  it("accepts an expiry that is far away or has a fraction, as RFC 7519 allows", async () => {
    const { issuer, send } = await start();
    for (const exp of [9_999_999_999, 253_402_300_799, seconds() + 300.5]) {
      expect((await send(initialize({ token: await issuer.sign({ exp }) }))).status, String(exp)).toBe(200);
    }
  });

  it.each([
    ["https://mcp.example.com", "https://mcp.example.com/", 200],
    ["https://mcp.example.com/", "https://mcp.example.com", 200],
    ["https://mcp.example.com/mcp", "https://mcp.example.com/mcp/", 200],
    ["https://mcp.example.com/mcp", "https://mcp.example.com/mcp//", 401],
    ["https://mcp.example.com/mcp", "https://mcp.example.com/", 401],
    ["https://mcp.example.com/mcp", "https://mcp.example.com/MCP", 401],
    ["name", "name/", 401],
  ])("set to audience %s answers a token for %s with %i", async (JWT_AUDIENCE, aud, status) => {
    const { issuer, send } = await start({ JWT_AUDIENCE });
    expect((await send(initialize({ token: await issuer.sign({ aud }) }))).status).toBe(status);
    expect((await send(initialize({ token: await issuer.sign({ aud: ["https://b.example", aud] }) }))).status).toBe(
      status,
    );
  });

  it("never asks clients to request the scope admin, but tells an operator's token that it lacks it", async () => {
    const lines = linesOf();
    const { issuer, send } = await start({ LOG_LEVEL: "info" });
    const ask = (path: string, token?: string) =>
      send(
        new Request(`https://mcp.example.workers.dev${path}`, {
          headers: { Host: "mcp.example.workers.dev", ...(token && { Authorization: `Bearer ${token}` }) },
        }),
      );
    for (const path of ["/mcp", "/api/sessions", "/metrics", "/.well-known/oauth-protected-resource"]) {
      const answer = await ask(path);
      expect([...answer.headers].join() + answer.text, path).not.toContain("admin");
    }
    const refused = await ask("/api/sessions", await issuer.sign({ scope: "sessions" }));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
    expect([...refused.headers].join()).not.toContain("admin");
    expect(refused.json.error_description).toBe('This token lacks the scope "admin". Use one that has it');
    expect(lines.at(-1)).toMatchObject({ route: "/api/sessions", status: 403, failure: "scope_missing" });
  });

  it("does not accept a token because another app in the isolate has accepted it for another audience", async () => {
    const { issuer, send } = await start();
    const token = await issuer.sign();
    expect((await send(initialize({ token }))).status).toBe(200);
    const other = startApp({ ...issuer.vars, JWT_AUDIENCE: "https://other.example.com/mcp" });
    expect((await other(initialize({ token }))).status).toBe(401);
  });

  it("does not accept a token for longer because it was accepted before", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { issuer, send } = await start();
    const token = await issuer.sign({ exp: seconds() + 60 });
    expect((await send(initialize({ token }))).status).toBe(200);
    vi.setSystemTime(Date.now() + 89_000);
    expect((await send(initialize({ token }))).status).toBe(200);
    vi.setSystemTime(Date.now() + 2000);
    expect((await send(initialize({ token }))).status).toBe(401);
  });

  it("accepts an expired token within the clock tolerance, and no longer", async () => {
    const { issuer, send } = await start({ JWT_CLOCK_TOLERANCE_SECONDS: "60" });
    expect((await send(initialize({ token: await issuer.sign({ exp: seconds() - 50 }) }))).status).toBe(200);
    expect((await send(initialize({ token: await issuer.sign({ exp: seconds() - 61 }) }))).status).toBe(401);
  });

  it("does not accept an algorithm that is not configured, even if the key is published", async () => {
    const { issuer, send } = await start({ JWT_ALGORITHMS: "RS256" });
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(401);
  });

  it("answers 403 to a token without the scope, and 200 if a configured claim or default has it", async () => {
    const { issuer, send } = await start({ JWT_SCOPE_CLAIMS: "scope, scp, permissions" });
    const refused = await send(initialize({ token: await issuer.sign({ scope: "email admin" }) }));
    expect(refused.status).toBe(403);
    expect(refused.headers.get("WWW-Authenticate")).toMatch(/error="insufficient_scope".*scope="sessions"/);
    for (const claims of [
      { scope: "email sessions" },
      { scope: undefined, scp: ["sessions"] },
      { scope: "email", permissions: ["sessions"] },
    ]) {
      expect((await send(initialize({ token: await issuer.sign(claims) }))).status).toBe(200);
    }
    const none = await issuer.sign({ scope: undefined });
    expect((await send(initialize({ token: none }))).status).toBe(403);
    const withDefault = startApp({ ...issuer.vars, JWT_DEFAULT_SCOPES: "sessions" });
    expect((await withDefault(initialize({ token: none }))).status).toBe(200);
    // A default must not add to the scopes in the token.
    expect((await withDefault(initialize({ token: await issuer.sign({ scope: "" }) }))).status).toBe(403);
  });

  it("takes the bare token from a configured header, and from no other, as Cloudflare Access sends it", async () => {
    const { issuer, send } = await start({ JWT_HEADER: "Cf-Access-Jwt-Assertion" });
    const token = await issuer.sign();
    expect((await send(initialize({ headers: { "Cf-Access-Jwt-Assertion": token } }))).status).toBe(200);
    const answer = await send(initialize({ token }));
    expect(answer.status).toBe(401);
    expect(answer.json.error_description).toBe("Missing header cf-access-jwt-assertion");
    expect(answer.headers.get("WWW-Authenticate")).not.toContain("resource_metadata");
  });

  it("keeps a session's owner when the token is refreshed, identified by issuer and subject", async () => {
    const { issuer, send } = await start();
    const first = await send(callTool("set_working_directory", { directory: "/a" }, { token: await issuer.sign() }));
    const session_id = String(first.json.result?.structuredContent?.session_id);
    const refreshed = await issuer.sign({ exp: seconds() + 3000, jti: "another", scope: "sessions admin" });
    const same = await send(callTool("get_working_directory", { session_id }, { token: refreshed }));
    expect(same.json.result?.structuredContent?.working_directory).toBe("/a");
    const other = await issuer.sign({ sub: "alice " });
    const foreign = await send(callTool("get_working_directory", { session_id }, { token: other }));
    expect(foreign.json.result?.isError).toBe(true);
  });

  it("shows the count of all sessions with the scope admin only", async () => {
    const { issuer, send } = await start();
    const count = async (scope: string) => {
      const answer = await send(
        callTool("get_session_count", {}, { token: await issuer.sign({ sub: "counted", scope }) }),
      );
      return answer.json.result?.structuredContent;
    };
    const token = await issuer.sign({ sub: "counted" });
    await send(callTool("set_working_directory", { directory: "/a" }, { token }));
    expect(await count("sessions")).toEqual({
      active_sessions: null,
      yours: 1,
      by_region: null,
      hint: expect.stringContaining("admin"),
      session_id: null,
    });
    expect(await count("sessions admin")).toMatchObject({ active_sessions: expect.any(Number), yours: 1 });
  });

  it("never shows a token in its log or answers", async () => {
    const lines: string[] = [];
    for (const method of ["log", "error", "warn", "info", "debug"] as const) {
      vi.spyOn(console, method).mockImplementation((...parts) => void lines.push(parts.join(" ")));
    }
    const { issuer, send } = await start({ LOG_LEVEL: "debug" });
    const tokens = [await issuer.sign(), await issuer.sign({ exp: 1 }), `${await issuer.sign()}x`, "secret-token-text"];
    let answers = "";
    for (const token of tokens) {
      const answer = await send(callTool("get_session_context", {}, { token }));
      answers += answer.text + [...answer.headers].join();
    }
    expect(lines.length).toBeGreaterThan(0);
    for (const token of tokens) {
      for (const part of token.split(".")) expect(lines.join() + answers).not.toContain(part);
    }
  });
});

it("The body of a request with a refused token is not read", async () => {
  const { send } = await start();
  expect((await send(post("[".repeat(200_000)))).status).toBe(401);
});
