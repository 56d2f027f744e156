/** A local token issuer with a real key endpoint that can misbehave on demand. */
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTHeaderParameters, SignJWT } from "jose";

export const BEHAVIOURS = ["healthy", "slow", "error", "redirect", "garbage", "huge", "silent", "cut off"] as const;
export type Behaviour = (typeof BEHAVIOURS)[number];

export interface KeyServer {
  /** Settings of a server that trusts this issuer. */
  readonly vars: Readonly<Record<string, string>>;
  behaviour: Behaviour;
  /** Number of requests for the keys so far, and the most that were open at once. */
  readonly fetches: number;
  mostAtOnce: number;
  /** Requests that followed the redirect. */
  readonly followed: number;
  /** A token for `subject`, valid for five minutes. */
  sign(subject: string, header?: Record<string, unknown>): Promise<string>;
  stop(): Promise<void>;
}

const SLOW_MS = 1000;
const AUDIENCE = "https://mcp.example.com/mcp";

export async function startKeyServer(behaviour: Behaviour = "healthy"): Promise<KeyServer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256", { extractable: true });
  const keys = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: "first", alg: "ES256", use: "sig" }] });
  const state = { behaviour, fetches: 0, mostAtOnce: 0, followed: 0 };
  let open = 0;
  const server = createServer((request, response) => {
    if (request.url !== "/jwks") {
      state.followed++;
      response.end(keys);
      return;
    }
    state.fetches++;
    state.mostAtOnce = Math.max(state.mostAtOnce, ++open);
    response.once("close", () => open--);
    answer(response, state.behaviour, keys);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return Object.assign(state, {
    vars: { AUTH_MODE: "jwt", JWT_ISSUER: issuer, JWT_AUDIENCE: AUDIENCE, JWT_JWKS_URL: `${issuer}/jwks` },
    sign: (subject: string, header: Record<string, unknown> = {}) =>
      new SignJWT({ scope: "sessions" })
        .setProtectedHeader({ alg: "ES256", kid: "first", ...header } as JWTHeaderParameters)
        .setIssuer(issuer)
        .setAudience(AUDIENCE)
        .setSubject(subject)
        .setExpirationTime("5m")
        .sign(privateKey),
    stop: () =>
      new Promise<void>((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  });
}

function answer(response: ServerResponse, behaviour: Behaviour, keys: string): void {
  switch (behaviour) {
    case "healthy":
      response.end(keys);
      return;
    case "slow":
      setTimeout(() => response.end(keys), SLOW_MS);
      return;
    case "error":
      response.writeHead(500).end("no");
      return;
    case "redirect":
      response.writeHead(302, { Location: "/elsewhere" }).end();
      return;
    case "garbage":
      response.end("<html>");
      return;
    case "huge":
      sendWithoutEnd(response);
      return;
    case "silent":
      return;
    case "cut off":
      response.writeHead(200, { "Content-Length": keys.length }).write(keys.slice(0, 20));
      return;
  }
}

function sendWithoutEnd(response: ServerResponse): void {
  const chunk = Buffer.alloc(65_536, " ");
  const send = () => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on("drain", send);
  send();
}
