import { describe, expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { parseConfig } from "../../src/settings/config.ts";

const HASH = "ab".repeat(32);
const grant = (scopes: string[]) => JSON.stringify({ [HASH]: { principal: "alice", scopes } });
const JWT = {
  AUTH_MODE: "jwt",
  JWT_ISSUER: "https://issuer.example.com/",
  JWT_AUDIENCE: "https://mcp.example.com/mcp",
  JWT_JWKS_URL: "https://issuer.example.com/jwks",
};

describe("settings of access control", () => {
  it("default to no authentication", () => {
    expect(parseConfig({}).auth).toEqual({ mode: "none", operatorKey: null });
  });

  it("of mode token are the entries of AUTH_TOKENS", () => {
    const AUTH_TOKENS = JSON.stringify({ [HASH.toUpperCase()]: { principal: "alice", scopes: ["sessions"] } });
    expect(parseConfig({ AUTH_MODE: "token", AUTH_TOKENS }).auth).toEqual({
      mode: "token",
      grants: new Map([[HASH, { principal: "alice", scopes: ["sessions"] }]]),
    });
  });

  it("of mode jwt are complete with an issuer, an audience and keys", () => {
    expect(parseConfig(JWT).auth).toEqual({
      mode: "jwt",
      issuer: JWT.JWT_ISSUER,
      audiences: [JWT.JWT_AUDIENCE],
      jwksUrl: JWT.JWT_JWKS_URL,
      algorithms: ["RS256", "PS256", "ES256", "EdDSA"],
      types: ["at+jwt", "jwt", "none"],
      clockToleranceSeconds: 30,
      header: "authorization",
      scopeClaims: ["scope", "scp"],
      defaultScopes: [],
    });
  });

  it.each([
    [{ AUTH_MODE: "jwd" }, "AUTH_MODE"],
    [{ AUTH_MODE: "token" }, "AUTH_TOKENS"],
    [{ AUTH_MODE: "token", AUTH_TOKENS: "{}" }, "AUTH_TOKENS"],
    [{ ...JWT, JWT_ISSUER: "" }, "JWT_ISSUER"],
    [{ ...JWT, JWT_ISSUER: "issuer.example.com" }, "JWT_ISSUER"],
    [{ ...JWT, JWT_ISSUER: "https://a.example.com/|b" }, "JWT_ISSUER"],
    [{ ...JWT, JWT_AUDIENCE: " , " }, "JWT_AUDIENCE"],
    [{ ...JWT, JWT_JWKS_URL: "" }, "JWT_JWKS_URL"],
    [{ ...JWT, JWT_JWKS_URL: "http://issuer.example.com/jwks" }, "JWT_JWKS_URL"],
    [{ ...JWT, JWT_JWKS_URL: "https://user:password@issuer.example.com/jwks" }, "JWT_JWKS_URL"],
    [{ ...JWT, JWT_ALGORITHMS: "HS256" }, "JWT_ALGORITHMS"],
    [{ ...JWT, JWT_ALGORITHMS: "RS256, none" }, "JWT_ALGORITHMS"],
    [{ ...JWT, JWT_ALGORITHMS: "" }, "JWT_ALGORITHMS"],
    [{ ...JWT, JWT_TYPES: "" }, "JWT_TYPES"],
    [{ ...JWT, JWT_TYPES: "at jwt" }, "JWT_TYPES"],
    [{ ...JWT, JWT_CLOCK_TOLERANCE_SECONDS: "301" }, "JWT_CLOCK_TOLERANCE_SECONDS"],
    [{ ...JWT, JWT_HEADER: "two words" }, "JWT_HEADER"],
    [{ ...JWT, JWT_DEFAULT_SCOPES: "sessions admin" }, "JWT_DEFAULT_SCOPES"],
    [{ ...JWT, JWT_DEFAULT_SCOPES: "Admin" }, "JWT_DEFAULT_SCOPES"],
    [{ RATE_LIMITS: "maybe" }, "RATE_LIMITS"],
    [{ AUTH_MODE: "token", AUTH_TOKENS: grant(["Admin"]) }, "AUTH_TOKENS"],
    [{ AUTH_MODE: "token", AUTH_TOKENS: grant(["sessions", "administrator"]) }, "AUTH_TOKENS"],
    [{ AUTH_MODE: "token", AUTH_TOKENS: grant([]) }, "AUTH_TOKENS"],
    // These settings show that the operator expects a closed server.
    [{ AUTH_TOKENS: grant(["sessions"]) }, "AUTH_TOKENS"],
    [{ AUTH_MODE: "none", AUTH_TOKENS: grant(["sessions"]) }, "AUTH_TOKENS"],
    [{ JWT_ISSUER: JWT.JWT_ISSUER }, "JWT_ISSUER"],
    [{ JWT_AUDIENCE: JWT.JWT_AUDIENCE }, "JWT_AUDIENCE"],
    [{ JWT_JWKS_URL: JWT.JWT_JWKS_URL }, "JWT_JWKS_URL"],
    [{ OPERATOR_KEY: "short" }, "OPERATOR_KEY"],
    [{ OPERATOR_KEY: "with a space, though it is long enough otherwise" }, "OPERATOR_KEY"],
  ])("%o stop the server with one line that names the setting", (vars, name) => {
    expect(() => parseConfig(vars)).toThrow(new RegExp(`^Bad configuration: ${name} [^\\n]+$`));
  });

  it.each([
    "mst_supersecret",
    '["supersecret"]',
    '{"supersecret":{"principal":"a","scopes":[]}}',
    `{"${HASH}":"supersecret"}`,
    `{"${HASH}":{"principal":"","scopes":["supersecret"]}}`,
    `{"${HASH}":{"principal":"a","scopes":["supersecret"],"token":"supersecret"}}`,
    `{"__proto__":{"principal":"supersecret","scopes":[]}}`,
  ])("never reveal the contents of AUTH_TOKENS: %s", (AUTH_TOKENS) => {
    const parse = () => parseConfig({ AUTH_MODE: "none", AUTH_TOKENS });
    expect(parse).toThrow(/^Bad configuration: AUTH_TOKENS /);
    expect(parse).not.toThrow(/supersecret/);
  });

  it("never reveal the operator key", () => {
    const parse = () => parseConfig({ OPERATOR_KEY: "supersecret" });
    expect(parse).toThrow(
      /^Bad configuration: OPERATOR_KEY must be 32 to 200 visible ASCII characters.*OPERATOR_KEY"$/,
    );
    expect(parse).not.toThrow(/supersecret/);
  });
});

describe("a new token", () => {
  it("has 256 random bits, and only its hash is stored with the existing entries", async () => {
    const first = await createToken("alice", ["sessions"]);
    const second = await createToken("bob", ["sessions", "admin"], `\n${first.secret}\n`);
    expect(first.token).toMatch(/^mst_[A-Za-z0-9_-]{43}$/);
    expect(second.token).not.toBe(first.token);
    expect(second.secret).not.toContain(second.token);
    expect(Object.values(JSON.parse(second.secret))).toEqual([
      { principal: "alice", scopes: ["sessions"] },
      { principal: "bob", scopes: ["sessions", "admin"] },
    ]);
    expect(parseConfig({ AUTH_MODE: "token", AUTH_TOKENS: second.secret }).auth).toMatchObject({ mode: "token" });
  });

  it("is not added to an invalid secret, nor for a name that cannot be stored", async () => {
    await expect(createToken("alice", ["sessions"], '{"a":1}')).rejects.toThrow("AUTH_TOKENS");
    await expect(createToken("a\nb", ["sessions"])).rejects.toThrow("AUTH_TOKENS");
    await expect(createToken("alice", ["two words"])).rejects.toThrow("AUTH_TOKENS");
  });
});
