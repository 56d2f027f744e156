/** A token issuer in this isolate: real keys and signatures; its JWKS endpoint is reached through `fetch`. */
import {
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
  SignJWT,
  type SignOptions,
} from "jose";
import { vi } from "vitest";
import { type Answer, initialize, type Send, startApp } from "./apps.ts";

export const ISSUER = "https://issuer.example.com/";
export const AUDIENCE = "https://mcp.example.workers.dev/mcp";

/** An issuer with its own JWKS address, so that no keys are shared with another test. */
export async function createIssuer({ alg = "ES256" } = {}) {
  const jwksUrl = `https://issuer.example.com/${crypto.randomUUID()}/jwks`;
  let key = await generateKey(alg);
  const published = new Map<string, JWK>([[key.kid, key.jwk]]);
  const state = { fetches: 0, respond: null as (() => Response | Promise<Response>) | null };

  vi.spyOn(globalThis, "fetch").mockImplementation(async (input) => {
    const url = input instanceof Request ? input.url : String(input);
    if (url !== jwksUrl) throw new Error(`No network in this test: ${url}`);
    state.fetches++;
    return state.respond?.() ?? Response.json({ keys: [...published.values()] });
  });

  return {
    jwksUrl,
    state,
    /** Settings for a server that trusts this issuer. */
    vars: { AUTH_MODE: "jwt", JWT_ISSUER: ISSUER, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URL: jwksUrl },
    publicJwk: () => key.jwk,
    /** A separate key, which is not published. */
    anotherJwk: async () => (await generateKey(alg)).jwk,
    kid: () => key.kid,
    /** Publishes a new key and signs with it from now on. */
    async rotate({ withdraw = true } = {}): Promise<void> {
      if (withdraw) published.clear();
      key = await generateKey(alg);
      published.set(key.kid, key.jwk);
    },
    /** A signed token. A claim or header set to undefined is left out. */
    sign(
      claims: Record<string, unknown> = {},
      header: Record<string, unknown> = {},
      options?: SignOptions,
    ): Promise<string> {
      const now = Math.floor(Date.now() / 1000);
      const all: JWTPayload = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: "alice",
        iat: now,
        exp: now + 300,
        scope: "sessions",
        ...claims,
      };
      const whole = { alg, kid: key.kid, ...header } as JWTHeaderParameters;
      return new SignJWT(all).setProtectedHeader(whole).sign(key.privateKey, options);
    },
  };
}

/** An app that trusts an issuer of its own. */
export async function startWithIssuer(vars: Record<string, string> = {}, alg = "ES256") {
  const issuer = await createIssuer({ alg });
  return { issuer, send: startApp({ ...issuer.vars, ...vars }) };
}

/** Sends `count` requests at once, each with a token from `tokenOf`. */
export const together = (count: number, send: Send, tokenOf: (i: number) => Promise<string>): Promise<Answer[]> =>
  Promise.all(Array.from({ length: count }, async (_, i) => send(initialize({ token: await tokenOf(i) }))));

async function generateKey(alg: string) {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const kid = crypto.randomUUID();
  return { kid, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" } };
}
