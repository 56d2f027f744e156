import { describe, expect, it } from "vitest";
import { originRefusal } from "../../src/http/edge/origin.ts";

const allowed = { allowedHosts: ["mcp.example.com", "*.example.org"], allowedOrigins: ["app.example.com"] };
const check = (headers: Record<string, string>) => originRefusal(new Request("http://x/", { headers }), allowed);

describe("Host and Origin", () => {
  it.each([
    "localhost",
    "localhost:8787",
    "127.0.0.1:1",
    "[::1]:8787",
    "x.workers.dev",
    "MCP.example.com",
    "a.b.example.org",
  ])("host %s is served", (host) => expect(check({ host })).toBeNull());

  it.each([
    "evil.com",
    "example.org",
    "evilexample.org",
    "localhost.evil.com",
    "workers.dev",
    "xworkers.dev",
    "127.0.0.2",
    "a b",
  ])("host %s is refused, naming the setting", (host) =>
    expect(check({ host })).toMatchObject({ setting: "ALLOWED_HOSTS" }),
  );

  it("a request without host is refused", () => {
    expect(check({})?.message).toContain("ALLOWED_HOSTS");
  });

  it.each(["http://localhost:3000", "https://app.example.com"])("origin %s is served", (origin) => {
    expect(check({ host: "localhost", origin })).toBeNull();
  });

  it("the server's own pages are served, and those of no other name in the platform's domain", () => {
    const host = "mine.workers.dev";
    expect(check({ host, origin: "https://mine.workers.dev" })).toBeNull();
    expect(check({ host, origin: "https://theirs.workers.dev" })).toMatchObject({ setting: "ALLOWED_ORIGINS" });
  });

  it.each(["null", "https://evil.com", "http://mcp.example.com", "chrome-extension://abc", "garbage"])(
    "origin %s is refused, naming the setting",
    (origin) => expect(check({ host: "localhost", origin })).toMatchObject({ setting: "ALLOWED_ORIGINS" }),
  );
});
