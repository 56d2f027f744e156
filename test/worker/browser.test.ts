import { Hono } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { describe, expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { callTool, ENDPOINT, initialize, startApp } from "../support/apps.ts";

const HOST = { Host: "mcp.example.workers.dev" };
const send = startApp({ ALLOWED_ORIGINS: "app.example.com, *.example.org" });

const preflight = (origin: string, headers = "authorization,content-type,mcp-protocol-version") =>
  new Request(ENDPOINT, {
    method: "OPTIONS",
    headers: {
      ...HOST,
      Origin: origin,
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": headers,
    },
  });

describe("a browser", () => {
  it.each(["https://app.example.com", "https://a.example.org", "http://localhost:6274", "http://127.0.0.1"])(
    "from %s may call, and sees the headers of MCP",
    async (origin) => {
      const asked = await send(preflight(origin));
      expect(asked.status).toBe(204);
      expect(asked.headers.get("Access-Control-Allow-Origin")).toBe(origin);
      expect(asked.headers.get("Access-Control-Allow-Methods")).toBe("POST, DELETE, OPTIONS");
      const allowed = asked.headers.get("Access-Control-Allow-Headers")?.toLowerCase().split(", ");
      expect(allowed).toEqual(
        expect.arrayContaining([
          "authorization",
          "content-type",
          "mcp-session-id",
          "mcp-protocol-version",
          "mcp-method",
        ]),
      );
      const answer = await send(initialize({ headers: { Origin: origin } }));
      expect(answer.status).toBe(200);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(origin);
      expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("Mcp-Session-Id");
      expect(answer.headers.get("Access-Control-Expose-Headers")).toContain("WWW-Authenticate");
      expect(answer.headers.get("Access-Control-Allow-Credentials")).toBeNull();
      expect(answer.headers.get("Vary")).toContain("Origin");
    },
  );

  it.each([
    "https://evil.example.com",
    "https://app.example.com.evil.com",
    "https://evilapp.example.com",
    "https://example.org",
    "https://somebody-else.workers.dev",
    "null",
    "file://",
    "chrome-extension://abc",
  ])("from %s is refused, and gets no header that would let a page read the answer", async (origin) => {
    for (const request of [preflight(origin), initialize({ headers: { Origin: origin } })]) {
      const answer = await send(request);
      expect(answer.status).toBe(403);
      expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
    }
  });

  it("may call from the server's own pages", async () => {
    const answer = await send(initialize({ headers: { Origin: "https://mcp.example.workers.dev" } }));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBeNull();
  });

  it("may send headers that mirror tool arguments, and no other custom ones", async () => {
    const asked = await send(
      preflight("https://app.example.com", "mcp-param-region, x-evil, mcp-param-, mcp-param-a b"),
    );
    const allowed = asked.headers.get("Access-Control-Allow-Headers")?.split(", ");
    expect(allowed).toContain("mcp-param-region");
    expect(allowed).not.toContain("x-evil");
    expect(allowed).not.toContain("mcp-param-");
  });

  it("sends its preflight without a token, and sees why a token is refused", async () => {
    const { secret } = await createToken("alice", ["sessions"]);
    const closed = startApp({ AUTH_MODE: "token", AUTH_TOKENS: secret });
    expect((await closed(preflight("http://localhost:6274"))).status).toBe(204);
    const answer = await closed(initialize({ headers: { Origin: "http://localhost:6274" } }));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("Access-Control-Allow-Origin")).toBe("http://localhost:6274");
  });

  it("is not fooled by DNS rebinding: Host must be allowed too", async () => {
    const answer = await send(initialize({ headers: { Host: "rebound.evil.com", Origin: "http://rebound.evil.com" } }));
    expect(answer.status).toBe(403);
  });
});

/** What the maintained list of such headers sets today, with a policy for answers that are not rendered. */
async function headersOfHono(): Promise<Headers> {
  const app = new Hono();
  const none = ["'none'"];
  const contentSecurityPolicy = { defaultSrc: none, baseUri: none, formAction: none, frameAncestors: none };
  app.use(secureHeaders({ contentSecurityPolicy, xFrameOptions: "DENY" }));
  app.get("/", (c) => c.body(null));
  return (await app.request("/")).headers;
}

describe("every answer", () => {
  it("forbids sniffing, framing and caching", async () => {
    const requests = [
      initialize(),
      initialize({ headers: { Host: "evil.com" } }),
      new Request(ENDPOINT, { headers: HOST }),
      new Request(new URL("/healthz", ENDPOINT), { headers: HOST }),
      new Request(new URL("/nowhere", ENDPOINT), { headers: HOST }),
      preflight("https://app.example.com"),
      // Answered without the SDK, with prepared headers.
      callTool("get_working_directory", {}),
    ];
    for (const request of requests) {
      const { headers } = await send(request);
      for (const [name, value] of await headersOfHono()) expect(headers.get(name), name).toBe(value);
      expect(headers.get("Cache-Control")).toBe("no-store");
      expect(headers.get("Vary")?.split(", ")).toContain("Origin");
    }
  });
});
