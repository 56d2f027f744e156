import { exportSPKI, importJWK, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { callTool, ENDPOINT, initialize, post, startApp } from "../support/apps.ts";
import { AUDIENCE, type createIssuer, ISSUER, startWithIssuer as start } from "../support/issuer.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const seconds = () => Math.floor(Date.now() / 1000);

describe("a server in AUTH_MODE jwt", () => {
  it.each(["RS256", "PS256", "ES256", "EdDSA"])("lets a token signed with %s in", async (alg) => {
    const { issuer, send } = await start({}, alg);
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
  });

  it("answers 401 without a token, and leads to the authorization server", async () => {
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
        scopes_supported: ["sessions", "admin"],
        bearer_methods_supported: ["header"],
      });
    }
  });

  it("refuses every method on the endpoint, also those that it does not have", async () => {
    const { send } = await start();
    for (const method of ["GET", "DELETE", "PUT", "PATCH", "OPTIONS"]) {
      const request = new Request(ENDPOINT, { method, headers: { Host: "mcp.example.workers.dev" } });
      expect((await send(request)).status, method).toBe(401);
    }
  });

  describe("refuses with 401 a token that", () => {
    type Make = (issuer: Awaited<ReturnType<typeof createIssuer>>) => string | Promise<string>;
    const cases: [string, string, Make][] = [
      ["has expired", "Token has expired", (i) => i.sign({ exp: seconds() - 31 })],
      ["has no expiry", 'no acceptable claim "exp"', (i) => i.sign({ exp: undefined })],
      ["is not valid yet", "not valid yet", (i) => i.sign({ nbf: seconds() + 60 })],
      ["is meant for somebody else", "not meant for this server", (i) => i.sign({ aud: "https://other.example.com" })],
      ["is meant for nobody", "not meant for this server", (i) => i.sign({ aud: undefined })],
      ["is of another issuer", "not of this server's issuer", (i) => i.sign({ iss: "https://issuer.example.com" })],
      ["has no subject", 'no acceptable claim "sub"', (i) => i.sign({ sub: undefined })],
      ["has an empty subject", "must have a subject", (i) => i.sign({ sub: "" })],
      ["has a subject that is no text", "", (i) => i.sign({ sub: 7 })],
      ["has a subject of half a surrogate pair", "must have a subject", (i) => i.sign({ sub: "a\ud800" })],
      ["has an endless subject", "must have a subject", (i) => i.sign({ sub: "a".repeat(256) })],
      ["names a key that is not published", "does not publish", (i) => i.sign({}, { kid: "unknown" })],
      ["is changed after it was signed", "wrong signature", async (i) => forge(await i.sign(), { sub: "mallory" })],
      ["has its signature cut off", "", async (i) => (await i.sign()).replace(/[^.]*$/, "")],
      ["is cut short", "", async (i) => (await i.sign()).slice(0, -5)],
      ["says alg none", "not accepted", () => unsigned({ alg: "none" })],
      ["says alg None", "not accepted", () => unsigned({ alg: "None" })],
      ["is signed with the public key as a shared secret", "not accepted", (i) => confused(i, "jwk")],
      ["is signed with the public key's PEM as a shared secret", "not accepted", (i) => confused(i, "spki")],
      ["demands an extension", "can be read here", (i) => i.sign({}, { crit: ["x"], x: 1 }, { crit: { x: true } })],
      ["is no token", "", () => "abc"],
      ["is two dots", "", () => ".."],
      ["is a million characters of nothing", "", () => "A".repeat(20_000)],
    ];
    it.each(cases)("%s", async (_name, words, make) => {
      const { issuer, send } = await start();
      const answer = await send(initialize({ token: await make(issuer) }));
      expect(answer.status).toBe(401);
      expect(answer.json.error).toBe("invalid_token");
      expect(answer.json.error_description).toContain(words);
      expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
      expect(answer.text).not.toMatch(/\bat .*:\d+/);
    });
  });

  it("accepts an expired token within the clock tolerance, and no longer", async () => {
    const { issuer, send } = await start({ JWT_CLOCK_TOLERANCE_SECONDS: "60" });
    expect((await send(initialize({ token: await issuer.sign({ exp: seconds() - 50 }) }))).status).toBe(200);
    expect((await send(initialize({ token: await issuer.sign({ exp: seconds() - 61 }) }))).status).toBe(401);
  });

  it("does not accept an algorithm that is not configured, though the key is published", async () => {
    const { issuer, send } = await start({ JWT_ALGORITHMS: "RS256" });
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(401);
  });

  it("answers 403 to a token without the scope, and 200 where a configured claim or default has it", async () => {
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
    // A default must not add to what a token says of itself.
    expect((await withDefault(initialize({ token: await issuer.sign({ scope: "" }) }))).status).toBe(403);
  });

  it("takes the bare token from a header of its own, and from no other, as Cloudflare Access sends it", async () => {
    const { issuer, send } = await start({ JWT_HEADER: "Cf-Access-Jwt-Assertion" });
    const token = await issuer.sign();
    expect((await send(initialize({ headers: { "Cf-Access-Jwt-Assertion": token } }))).status).toBe(200);
    const answer = await send(initialize({ token }));
    expect(answer.status).toBe(401);
    expect(answer.json.error_description).toBe("Missing header cf-access-jwt-assertion");
    expect(answer.headers.get("WWW-Authenticate")).not.toContain("resource_metadata");
  });

  it("keeps a session its owner's when the token is refreshed, and knows the owner by issuer and subject", async () => {
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
    });
    expect(await count("sessions admin")).toMatchObject({ active_sessions: expect.any(Number), yours: 1 });
  });

  it("says nothing of a token in its log or answers", async () => {
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

const encode = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

function forge(token: string, claims: object): string {
  const [header, payload = "", signature] = token.split(".");
  const decoded = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  return `${header}.${encode({ ...decoded, ...claims })}.${signature}`;
}

const unsigned = (header: object): string =>
  `${encode(header)}.${encode({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: seconds() + 300, scope: "sessions" })}.`;

/** HS256 over the public key, which everybody has: passes where the verifier lets the token choose the algorithm. */
async function confused(issuer: Awaited<ReturnType<typeof createIssuer>>, form: "jwk" | "spki"): Promise<string> {
  const publicKey = await importJWK(issuer.publicJwk(), "ES256", { extractable: true });
  const secret =
    form === "jwk" || publicKey instanceof Uint8Array
      ? JSON.stringify(issuer.publicJwk())
      : await exportSPKI(publicKey);
  return new SignJWT({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: seconds() + 300, scope: "sessions" })
    .setProtectedHeader({ alg: "HS256", kid: issuer.kid() })
    .sign(new TextEncoder().encode(secret));
}

it("A request that is refused for its token is not read", async () => {
  const { send } = await start();
  expect((await send(post("[".repeat(200_000)))).status).toBe(401);
});
