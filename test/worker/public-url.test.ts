/** Behind a proxy or tunnel that terminates TLS: the address that the server reports for itself. */
import { describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { AS_OPERATOR, OPERATOR_KEY, type Send, startApp } from "../support/apps.ts";
import { ISSUER } from "../support/issuer.ts";

const PUBLIC = "https://mcp.example.com";
const JWT = { AUTH_MODE: "jwt", JWT_ISSUER: ISSUER, JWT_AUDIENCE: PUBLIC, JWT_JWKS_URL: `${ISSUER}jwks` };
/** Headers that proxies add and anybody can forge. */
const FORWARDED = {
  "X-Forwarded-Proto": "https",
  "X-Forwarded-Host": "evil.example",
  "X-Forwarded-Port": "444",
  Forwarded: "proto=https;host=evil.example",
};

/** As sent by a proxy that has terminated TLS: plain http, with the proxy's Host or the client's. */
const arrive = (send: Send, path: string, init: RequestInit = {}, host = "localhost:8787") =>
  send(new Request(`http://${host}${path}`, { ...init, headers: { Host: host, ...FORWARDED, ...init.headers } }));

/** Every place where the server reports its own address. */
async function addresses(vars: Record<string, string>, host?: string): Promise<Record<string, unknown>> {
  const jwt = startApp({ ...JWT, ...vars });
  const { secret } = await createToken("root", ["admin"]);
  const token = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret, ...vars });
  const metadata = JSON.parse((await arrive(jwt, "/.well-known/oauth-protected-resource/mcp", {}, host)).text);
  const challenge = (await arrive(jwt, "/mcp", { method: "POST" }, host)).headers.get("WWW-Authenticate") ?? "";
  const page = (await arrive(token, "/", {}, host)).text;
  const openApi = JSON.parse((await arrive(jwt, "/openapi.json", {}, host)).text);
  const index = JSON.parse((await arrive(jwt, "/api", {}, host)).text);
  return {
    resource: metadata.resource,
    challenge: /resource_metadata="([^"]*)"/.exec(challenge)?.[1],
    endpoints: [...new Set(page.match(/https?:\/\/[^"\s<&\\]+\/mcp/g))],
    openApi: openApi.servers[0].url,
    index: index.openapi,
    evil: page.includes("evil.example"),
  };
}

describe("the server's own address", () => {
  it.each(["localhost:8787", "mcp.example.com"])(
    "is PUBLIC_URL everywhere, whatever Host a proxy sends (%s)",
    async (host) => {
      expect(await addresses({ PUBLIC_URL: PUBLIC }, host)).toEqual({
        resource: `${PUBLIC}/mcp`,
        challenge: `${PUBLIC}/.well-known/oauth-protected-resource/mcp`,
        endpoints: [`${PUBLIC}/mcp`],
        openApi: PUBLIC,
        index: `${PUBLIC}/openapi.json`,
        evil: false,
      });
    },
  );

  it("is that of the request without PUBLIC_URL, and never that in X-Forwarded-*", async () => {
    expect(await addresses({})).toMatchObject({
      resource: "http://localhost:8787/mcp",
      challenge: "http://localhost:8787/.well-known/oauth-protected-resource/mcp",
      endpoints: ["http://localhost:8787/mcp"],
      openApi: "/",
      index: "/openapi.json",
      evil: false,
    });
  });
});

describe("a page of the public address", () => {
  const end = (vars: Record<string, string>, origin: string) =>
    arrive(startApp({ AUTH_MODE: "none", OPERATOR_KEY, ...vars }), "/api/sessions/x", {
      method: "DELETE",
      headers: { ...AS_OPERATOR, Origin: origin, "Sec-Fetch-Site": "same-origin" },
    });

  it("may act for its operator although the proxy sends another Host", async () => {
    expect((await end({ PUBLIC_URL: PUBLIC }, PUBLIC)).status).toBe(404);
    for (const origin of ["http://mcp.example.com", "https://mcp.example.com:444", "https://evil.example"]) {
      expect((await end({ PUBLIC_URL: PUBLIC }, origin)).status, origin).toBe(403);
    }
    expect((await end({}, PUBLIC)).status).toBe(403);
  });
});

it("A server that is open to the world logs a warning, also behind a proxy on this machine", async () => {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(String(line)));
  const ping = { method: "POST", body: "{}" };
  await arrive(startApp({ LOG_LEVEL: "warn" }), "/mcp", ping);
  expect(lines).toEqual([]);
  await arrive(startApp({ LOG_LEVEL: "warn", PUBLIC_URL: PUBLIC }), "/mcp", ping);
  expect(lines.join()).toContain("auth_mode_none");
  vi.restoreAllMocks();
});
