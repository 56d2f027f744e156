import { expect, it } from "vitest";
import type { RunningServer } from "../../scripts/library/local-server.ts";
import { connected, ownServer } from "./support/servers.ts";

const POLL = { timeout: 10_000, interval: 50 };
type LogLine = Readonly<Record<string, unknown>>;

/** The structured lines of the server's output. */
function linesOf(server: RunningServer): LogLine[] {
  return server
    .output()
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as LogLine);
}

it("at info there is one line per request, without paths and full session ids", async () => {
  const server = await ownServer({ vars: { LOG_LEVEL: "info" } });
  const [modern, legacy] = [await connected("modern", server.url), await connected("legacy", server.url)];
  const { data } = await modern.call("set_working_directory", { directory: "/secret/modern" });
  await legacy.call("set_working_directory", { directory: "/secret/legacy" });
  await legacy.call("get_session_context");
  await legacy.call("set_working_directory", { directory: "secret/relative" });
  await modern.call("end_session", { session_id: data.session_id });
  const madeUp = `sess_${"B".repeat(43)}`;
  await modern.call("get_working_directory", { session_id: madeUp });
  const resume = { sessionId: madeUp, protocolVersion: "2025-11-25" };
  await expect((await connected("legacy", server.url, { resume })).call("get_session_count")).rejects.toThrow();
  const legacyId = String(legacy.sessionId());
  await legacy.terminateSession();

  // wrangler prints its own line for each request, which gives the number of requests.
  const printed = (pattern: RegExp) => server.output().match(pattern)?.length ?? 0;
  await expect.poll(() => printed(/^\[wrangler:info\] DELETE \/mcp /gm), POLL).toBe(1);
  const ours = () => linesOf(server).filter(({ route }) => route === "/mcp");
  await expect.poll(() => ours().length - printed(/^\[wrangler:info\] [A-Z]+ \/mcp /gm), POLL).toBe(0);
  const requests = ours();
  for (const line of requests) {
    expect(line).toMatchObject({
      level: "info",
      event: "request",
      request_id: expect.any(String),
      status: expect.any(Number),
      duration_ms: expect.any(Number),
    });
  }
  expect(new Set(requests.map((line) => line.request_id)).size).toBe(requests.length);

  const short = (id: unknown) => `${String(id).slice(0, 11)}…`;
  const call = { http_method: "POST", method: "tools/call", status: 200 };
  for (const want of [
    { ...call, era: "modern", tool: "set_working_directory", session: short(data.session_id), outcome: "ok" },
    { ...call, era: "legacy", tool: "get_session_context", session: short(legacyId), outcome: "ok" },
    { ...call, era: "legacy", tool: "set_working_directory", session: short(legacyId), outcome: "tool_error" },
    { ...call, era: "modern", tool: "get_working_directory", outcome: "tool_error" },
    { ...call, era: "legacy", tool: "get_session_count", status: 404, outcome: "refused" },
    { era: "legacy", http_method: "POST", method: "initialize", session: short(legacyId), status: 200 },
    { era: "legacy", http_method: "DELETE", session: short(legacyId), status: 204, outcome: "ok" },
  ]) {
    expect(requests).toContainEqual(expect.objectContaining(want));
  }

  expect(server.output()).not.toContain("secret");
  expect(server.output()).not.toMatch(/sess_[\w-]{12}/);
});

it("at debug the log shows the life of a context: begun, touched, ended, expired", async () => {
  const server = await ownServer({ vars: { LOG_LEVEL: "debug", SESSION_IDLE_TIMEOUT_SECONDS: "2" } });
  const [ended, expired] = [await connected("legacy", server.url), await connected("legacy", server.url)];
  await expired.call("set_working_directory", { directory: "/home/me/expired" });
  await expired.call("get_working_directory");
  await ended.call("set_working_directory", { directory: "/home/me/ended" });
  await ended.call("end_session");

  const lifeOf = (session: string | undefined) =>
    linesOf(server)
      .filter((line) => line.level === "debug" && line.session === session)
      .map((line) => line.event);
  await expect.poll(() => lifeOf(ended.sessionId()), POLL).toEqual(["session_begun", "session_ended"]);
  await expect
    .poll(() => lifeOf(expired.sessionId()), POLL)
    .toEqual(["session_begun", "session_touched", "session_expired"]);
  expect(linesOf(server)).toContainEqual(
    expect.objectContaining({ event: "session_begun", session: ended.sessionId(), path: "/home/me/ended" }),
  );
});

it("at error requests that succeed or are refused leave no line", async () => {
  const server = await ownServer({ vars: { LOG_LEVEL: "error" } });
  const client = await connected("legacy", server.url);
  await client.call("set_working_directory", { directory: "relative" });
  await expect.poll(() => server.output(), POLL).toMatch(/(POST \/mcp 200.*){2}/s);
  expect(linesOf(server)).toEqual([]);
});
