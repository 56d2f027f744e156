import { afterEach, describe, expect, it, vi } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { AS_OPERATOR, callTool, initialize, message, OPERATOR_KEY, post, startApp } from "../support/apps.ts";
import { logLines } from "../support/log-lines.ts";

afterEach(() => vi.restoreAllMocks());

const TRACE = "0af7651916cd43dd8448eb211c80319c";

function linesOf(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  return lines;
}

describe("a request's event", () => {
  it("has the trace of its message", async () => {
    const lines = linesOf();
    const send = startApp({ LOG_LEVEL: "info" });
    const ping = message("legacy", "ping", { _meta: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } });
    expect((await send(post(ping))).status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ event: "request", trace_id: TRACE, parent_id: "b7ad6b7169203331" });
    await send(post(message("legacy", "ping")));
    expect(lines.at(-1)).not.toHaveProperty("trace_id");
  });

  it("is a data point if a dataset is bound, without any value that a caller could make up", async () => {
    const points: AnalyticsEngineDataPoint[] = [];
    const REQUEST_EVENTS = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point ?? {}) };
    const send = startApp({}, { REQUEST_EVENTS } as Partial<Env>);
    await send(post(message("legacy", "tools/call", { name: "get_working_directory", arguments: {} })));
    await send(post(message("legacy", "tools/call", { name: "/home/me", arguments: {} })));
    expect(points.map(({ indexes, blobs }) => ({ indexes, blobs }))).toEqual([
      { indexes: ["get_working_directory"], blobs: ["/mcp", "legacy", "tools/call", "get_working_directory", "ok"] },
      { indexes: ["other"], blobs: ["/mcp", "legacy", "tools/call", "other", "rejected"] },
    ]);
  });

  it("has the caller as a short hash, which anybody who knows the principal can compute", async () => {
    const [alice, bob] = [await createToken("alice", ["sessions"]), await createToken("bob", ["sessions"])];
    const AUTH_TOKENS = JSON.stringify(Object.assign({}, ...[alice, bob].map(({ secret }) => JSON.parse(secret))));
    const lines = logLines();
    const send = startApp({ LOG_LEVEL: "info", AUTH_MODE: "token", AUTH_TOKENS });
    for (const { token } of [alice, bob, alice]) await send(initialize({ token }));
    await startApp({ LOG_LEVEL: "info" })(initialize());
    const principals = lines().flatMap(({ event, principal }) => (event === "request" ? [principal] : []));
    // printf %s token:alice | sha256sum | cut -c1-12
    expect(principals).toEqual(["142cf5f743a9", "cfb691d4009e", "142cf5f743a9", "anonymous"]);
    expect(JSON.stringify(lines())).not.toMatch(/alice|bob/);
  });

  it("has the client, as sent in its era, and no invalid name", async () => {
    const lines = logLines();
    const send = startApp({ LOG_LEVEL: "info" });
    const userAgent = (value: string) => ({ headers: { "User-Agent": value } });
    await send(post(message("legacy", "ping"), userAgent("claude-code/2.1.0 (external, cli)")));
    await send(callTool("get_session_context", {}, { era: "modern", ...userAgent("node") }));
    await send(initialize(userAgent("node")));
    await send(post(message("legacy", "ping"), userAgent("/home/me/secret")));
    await send(post(message("legacy", "ping")));
    const clients = lines().flatMap(({ event, client }) => (event === "request" ? [client] : []));
    expect(clients).toEqual(["claude-code/2.1.0", "test/1", "test/1", "other", undefined]);
  });

  it("has the kind of failure: of a tool, a session, the rate limit or the body", async () => {
    const lines = logLines();
    const none: RateLimit = { limit: async () => ({ success: false }) };
    const send = startApp({ LOG_LEVEL: "info" });
    const limited = (name: string) => startApp({ LOG_LEVEL: "info", RATE_LIMITS: "on" }, { [name]: none });
    const unknown = `sess_${"B".repeat(43)}`;
    await send(callTool("set_working_directory", { directory: "a" }));
    await send(callTool("set_working_directory", { directory: "a" }, { era: "modern" }));
    await send(callTool("get_working_directory", { session_id: unknown }));
    await send(callTool("get_working_directory", {}, { session: unknown }));
    await limited("REQUEST_LIMITER")(initialize());
    await limited("CONTEXT_LIMITER")(callTool("set_working_directory", { directory: "/a" }));
    await send(post("["));
    await send(callTool("get_working_directory", {}));
    const requests = lines().filter(({ event }) => event === "request");
    expect(requests.map(({ status, outcome, failure }) => [status, outcome, failure])).toEqual([
      [200, "tool_error", "path_invalid"],
      [200, "tool_error", "path_invalid"],
      [200, "tool_error", "session_unknown"],
      [404, "refused", "session_unknown"],
      [429, "refused", "rate_limited"],
      [429, "refused", "rate_limited"],
      [400, "refused", "not_json"],
      [200, "ok", undefined],
    ]);
  });

  it("records which operator ended which session, and whether it had a context, as hashes and short ids", async () => {
    const operator = await createToken("operator", ["admin", "sessions"]);
    const send = startApp({ LOG_LEVEL: "info", AUTH_MODE: "token", AUTH_TOKENS: operator.secret });
    const { token } = operator;
    const set = await send(callTool("set_working_directory", { directory: "/secret" }, { token }));
    const id = String(set.json.result?.structuredContent?.session_id);
    const lines = logLines();
    for (const _ of [1, 2]) {
      const headers = { Host: "mcp.example.workers.dev", Authorization: `Bearer ${token}` };
      const url = `https://mcp.example.workers.dev/api/sessions/${id}`;
      await send(new Request(url, { method: "DELETE", headers }));
    }
    const line = { http_method: "DELETE", route: "/api/sessions/:id", action: "end_session", outcome: "ok" };
    const who = { principal: "dc1ed66b7330", session: `${id.slice(0, 11)}…` };
    expect(lines()).toMatchObject([
      { ...line, ...who, ended: true },
      { ...line, ...who, ended: false },
    ]);
    for (const secret of [id, "/secret", token, "token:operator"])
      expect(JSON.stringify(lines())).not.toContain(secret);
  });

  it("has neither the full id of a session that an operator ended nor the operator key", async () => {
    const lines = linesOf();
    const id = `sess_${"B".repeat(43)}`;
    const request = new Request(`http://localhost/api/sessions/${id}`, {
      method: "DELETE",
      headers: { Host: "localhost", ...AS_OPERATOR },
    });
    await startApp({ LOG_LEVEL: "debug", OPERATOR_KEY })(request);
    expect(lines.at(-1)).toMatchObject({
      route: "/api/sessions/:id",
      principal: "operator",
      status: 404,
      failure: "session_unknown",
    });
    expect(JSON.stringify(lines)).not.toContain(id);
    expect(JSON.stringify(lines)).not.toContain(OPERATOR_KEY);
  });
});
