import { Client, StreamableHTTPClientTransport, UnauthorizedError } from "@modelcontextprotocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../scripts/library/local-server.ts";
import { type AuthorizationServer, startAuthorizationServer } from "./support/authorization-server.ts";
import { MemoryOAuthClient } from "./support/oauth-client.ts";

/** Everything up to the wait for the token's end must fit in, also on a slow machine. */
const ACCESS_TOKEN_SECONDS = 5;

let server: RunningServer;
let authorization: AuthorizationServer;

beforeAll(async () => {
  authorization = await startAuthorizationServer({
    audience: "session-context-test",
    resource: () => `${server.url}/mcp`,
    accessTokenSeconds: ACCESS_TOKEN_SECONDS,
  });
  server = await startServer({
    vars: {
      AUTH_MODE: "jwt",
      JWT_ISSUER: authorization.issuer,
      JWT_AUDIENCE: "session-context-test",
      JWT_JWKS_URL: authorization.jwksUrl,
      JWT_CLOCK_TOLERANCE_SECONDS: "0",
    },
  });
});

afterAll(async () => {
  await server?.stop();
  await authorization?.stop();
});

const connect = (oauth: MemoryOAuthClient, mode: "legacy" | "auto") => {
  const client = new Client({ name: "oauth-test", version: "1" }, { versionNegotiation: { mode } });
  const transport = new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { authProvider: oauth });
  return { client, transport };
};

describe("the official client", () => {
  // Runs first, while the server has no keys yet: a request must not wait for another request's fetch.
  it("gets a token that serves many requests at once", async () => {
    const oauth = new MemoryOAuthClient();
    const { client, transport } = connect(oauth, "legacy");
    await expect(client.connect(transport)).rejects.toThrow(UnauthorizedError);
    await transport.finishAuth(oauth.callback?.searchParams ?? new URLSearchParams());
    const ping = async () => {
      const answer = await fetch(`${server.url}/mcp`, {
        method: "POST",
        headers: {
          "Content-Type": "application/json",
          Accept: "application/json, text/event-stream",
          Authorization: `Bearer ${oauth.tokens()?.access_token}`,
        },
        body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
      });
      return answer.status;
    };
    const statuses = await Promise.all(Array.from({ length: 30 }, ping));
    expect(new Set(statuses)).toEqual(new Set([200]));
  });

  it.each(["legacy", "auto"] as const)(
    "goes from 401 to metadata to token to session, and keeps the session across a refresh (%s)",
    async (mode) => {
      const oauth = new MemoryOAuthClient();
      const first = connect(oauth, mode);
      await expect(first.client.connect(first.transport)).rejects.toThrow(UnauthorizedError);
      const code = oauth.callback?.searchParams.get("code");
      expect(code).toBeTruthy();
      await first.transport.finishAuth(oauth.callback?.searchParams ?? new URLSearchParams());
      expect(oauth.issued).toHaveLength(1);

      const { client, transport } = connect(oauth, mode);
      await client.connect(transport);
      const set = await client.callTool({ name: "set_working_directory", arguments: { directory: "/home/alice/a" } });
      expect(set.structuredContent).toMatchObject({ success: true, working_directory: "/home/alice/a" });
      const { session_id } = set.structuredContent as { session_id: string };

      const refreshesBefore = authorization.grants.refresh_token ?? 0;
      const registrationsBefore = oauth.clientInformation();
      await new Promise((resolve) => setTimeout(resolve, (ACCESS_TOKEN_SECONDS + 1) * 1000));
      const got = await client.callTool({ name: "get_working_directory", arguments: { session_id } });
      expect(got.structuredContent).toMatchObject({ working_directory: "/home/alice/a", session_id });
      expect(authorization.grants.refresh_token).toBe(refreshesBefore + 1);
      expect(oauth.issued).toHaveLength(2);
      expect(oauth.issued[1]?.access_token).not.toBe(oauth.issued[0]?.access_token);
      expect(oauth.clientInformation()).toBe(registrationsBefore);
      await client.close();
    },
  );

  it("finds none of its tokens in the server's output", async () => {
    expect(server.output()).toContain('"event":"request"');
    expect(server.output()).not.toMatch(/eyJ[A-Za-z0-9_-]{20}/);
  });
});
