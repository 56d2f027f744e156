import { exportSPKI, importJWK, SignJWT } from "jose";
import { afterEach, describe, expect, it, vi } from "vitest";
import { initialize } from "../support/apps.ts";
import { AUDIENCE, type createIssuer, ISSUER, startWithIssuer as start } from "../support/issuer.ts";
import { linesOf } from "../support/log.ts";

afterEach(() => vi.restoreAllMocks());

/** The claim of a logout token (OpenID Connect Back-Channel Logout, section 2.4). */
const LOGOUT = { "http://schemas.openid.net/event/backchannel-logout": {} };

const seconds = () => Math.floor(Date.now() / 1000);

describe("a server in AUTH_MODE jwt refuses with 401 a token that", () => {
  type Make = (issuer: Awaited<ReturnType<typeof createIssuer>>) => string | Promise<string>;
  const cases: [name: string, failure: string, words: string, make: Make][] = [
    ["has expired", "token_expired", "Token has expired", (i) => i.sign({ exp: seconds() - 31 })],
    ["has no expiry", "token_claim", 'no acceptable claim "exp"', (i) => i.sign({ exp: undefined })],
    ["is not valid yet", "token_not_yet_valid", "not valid yet", (i) => i.sign({ nbf: seconds() + 60 })],
    [
      "is for another audience",
      "token_audience",
      "not meant for this server",
      (i) => i.sign({ aud: "https://other.example.com" }),
    ],
    ["has no audience", "token_audience", "not meant for this server", (i) => i.sign({ aud: undefined })],
    [
      "has another issuer",
      "token_issuer",
      "not of this server's issuer",
      (i) => i.sign({ iss: "https://issuer.example.com" }),
    ],
    ["has no subject", "token_claim", 'no acceptable claim "sub"', (i) => i.sign({ sub: undefined })],
    ["has an empty subject", "token_subject", "must have a subject", (i) => i.sign({ sub: "" })],
    ["has a subject that is not a string", "token_subject", "", (i) => i.sign({ sub: 7 })],
    ["has a lone surrogate as subject", "token_subject", "must have a subject", (i) => i.sign({ sub: "a\ud800" })],
    ["has a subject that is too long", "token_subject", "must have a subject", (i) => i.sign({ sub: "a".repeat(256) })],
    [
      "names a key that is not published",
      "token_unknown_key",
      "does not publish",
      (i) => i.sign({}, { kid: "unknown" }),
    ],
    [
      "was changed after signing",
      "token_signature",
      "wrong signature",
      async (i) => forge(await i.sign(), { sub: "mallory" }),
    ],
    ["has its signature cut off", "token_signature", "", async (i) => (await i.sign()).replace(/[^.]*$/, "")],
    ["is truncated", "token_malformed", "", async (i) => (await i.sign()).slice(0, -5)],
    ["has alg none", "token_algorithm", "not accepted", () => unsigned({ alg: "none" })],
    ["has alg None", "token_algorithm", "not accepted", () => unsigned({ alg: "None" })],
    ["is signed with the public key as a shared secret", "token_algorithm", "not accepted", (i) => confused(i, "jwk")],
    [
      "is signed with the public key's PEM as a shared secret",
      "token_algorithm",
      "not accepted",
      (i) => confused(i, "spki"),
    ],
    [
      "requires an extension",
      "token_malformed",
      "can be read here",
      (i) => i.sign({}, { crit: ["x"], x: 1 }, { crit: { x: true } }),
    ],
    ["is a logout token", "token_type", 'of type "logout+jwt"', (i) => i.sign({}, { typ: "logout+jwt" })],
    ["is a security event", "token_type", "SecEvent+JWT", (i) => i.sign({}, { typ: "application/SecEvent+JWT" })],
    [
      "is a logout token of type JWT",
      "token_type",
      "security event",
      (i) => i.sign({ events: LOGOUT }, { typ: "JWT" }),
    ],
    ["has a type that is not a string", "token_type", "of type", (i) => i.sign({}, { typ: ["JWT"] })],
    ["expires in a million years", "token_expiry_invalid", "expires at 9000000000000000", (i) => i.sign({ exp: 9e15 })],
    ["expires at a time in milliseconds", "token_expiry_invalid", "in seconds", (i) => i.sign({ exp: Date.now() })],
    ["has an expiry that JSON parses as infinity", "token_expiry_invalid", "beyond the year", (i) => endless(i)],
    ["has a string as expiry", "token_claim", '"exp"', (i) => i.sign({ exp: "2099-01-01" })],
    ["has a list as expiry", "token_claim", '"exp"', (i) => i.sign({ exp: [seconds() + 300] })],
    ["has a string as nbf", "token_claim", '"nbf"', (i) => i.sign({ nbf: "now" })],
    ["is not a token", "token_malformed", "", () => "abc"],
    ["consists of two dots", "token_malformed", "", () => ".."],
    ["is 20,000 meaningless characters", "token_malformed", "", () => "A".repeat(20_000)],
  ];
  it.each(cases)("%s", async (_name, failure, words, make) => {
    const lines = linesOf();
    const { issuer, send } = await start({ LOG_LEVEL: "info" });
    const answer = await send(initialize({ token: await make(issuer) }));
    expect(answer.status).toBe(401);
    expect(answer.json.error).toBe("invalid_token");
    expect(answer.json.error_description).toContain(words);
    expect(answer.headers.get("WWW-Authenticate")).toContain('error="invalid_token"');
    expect(answer.text).not.toMatch(/\bat .*:\d+/);
    expect(lines.at(-1)).toMatchObject({ event: "request", status: 401, failure });
  });
});

const encode = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

function forge(token: string, claims: object): string {
  const [header, payload = "", signature] = token.split(".");
  const decoded = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/")));
  return `${header}.${encode({ ...decoded, ...claims })}.${signature}`;
}

/** Signed with an `exp` of 1e400, which JSON parses as infinity. */
async function endless(issuer: Awaited<ReturnType<typeof createIssuer>>): Promise<string> {
  const { stringify } = JSON;
  const spy = vi.spyOn(JSON, "stringify").mockImplementation((value) => stringify(value).replace('"1e400"', "1e400"));
  const token = await issuer.sign({ exp: "1e400" });
  spy.mockRestore();
  return token;
}

const unsigned = (header: object): string =>
  `${encode(header)}.${encode({ iss: ISSUER, aud: AUDIENCE, sub: "alice", exp: seconds() + 300, scope: "sessions" })}.`;

/** HS256 with the public key as secret: passes if the verifier lets the token choose the algorithm. */
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
