import { describe, expect, it } from "vitest";
import { CLIENT_KINDS } from "../../scripts/library/mcp-clients.ts";
import { connected, sharedServer } from "./support/servers.ts";

const url = sharedServer();
const LEGACY_KINDS = ["legacy", "v1"] as const;

describe.each(LEGACY_KINDS)("the session of a %s client", (kind) => {
  it("belongs to its connection: two connections never see each other's directory", async () => {
    const [one, two] = [await connected(kind, url()), await connected(kind, url())];
    await one.call("set_working_directory", { directory: "/home/me/one" });
    expect((await two.call("get_working_directory")).data.working_directory).toBeNull();
    await two.call("set_working_directory", { directory: "/home/me/two" });
    expect((await one.call("get_working_directory")).data.working_directory).toBe("/home/me/one");
    expect((await two.call("get_working_directory")).data.working_directory).toBe("/home/me/two");
  });

  it("is overridden by an explicit session_id, for that call only", async () => {
    const [mine, other] = [await connected(kind, url()), await connected(kind, url())];
    await mine.call("set_working_directory", { directory: "/home/me/mine" });
    await other.call("set_working_directory", { directory: "/home/me/other" });
    const explicit = { session_id: other.sessionId() };

    expect((await mine.call("get_working_directory", explicit)).data).toMatchObject({
      session_id: other.sessionId(),
      working_directory: "/home/me/other",
    });
    await mine.call("set_working_directory", { directory: "/home/me/changed", ...explicit });
    expect((await other.call("get_working_directory")).data.working_directory).toBe("/home/me/changed");
    expect((await mine.call("get_working_directory")).data.working_directory).toBe("/home/me/mine");
  });

  it("continues over a new connection that sends its header", async () => {
    const first = await connected(kind, url());
    await first.call("set_working_directory", { directory: "/home/me/kept" });
    const resume = { sessionId: String(first.sessionId()), protocolVersion: "2025-11-25" };
    const second = await connected(kind, url(), { resume });
    expect((await second.call("get_working_directory")).data.working_directory).toBe("/home/me/kept");
  });

  it("is answered with 404 once the client has ended it with DELETE", async () => {
    const client = await connected(kind, url());
    await client.call("set_working_directory", { directory: "/home/me/over" });
    const resume = { sessionId: String(client.sessionId()), protocolVersion: "2025-11-25" };
    await client.terminateSession();

    const late = await connected(kind, url(), { resume });
    await expect(late.call("get_working_directory")).rejects.toThrow("Session not found");
    const response = await fetch(`${url()}/mcp`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        Accept: "application/json, text/event-stream",
        "Mcp-Session-Id": resume.sessionId,
        "MCP-Protocol-Version": resume.protocolVersion,
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
    });
    expect(response.status).toBe(404);
    // By argument, the id behaves as after end_session.
    const modern = await connected("modern", url());
    const { isError, data } = await modern.call("get_working_directory", { session_id: resume.sessionId });
    expect(isError).toBe(false);
    expect(data.working_directory).toBeNull();
    await modern.call("set_working_directory", { session_id: resume.sessionId, directory: "/home/me/again" });
    await expect(late.call("get_working_directory")).rejects.toThrow("Session not found");
  });
});

describe("the session of a modern client", () => {
  it("is never that of a stray Mcp-Session-Id header", async () => {
    const legacy = await connected("legacy", url());
    await legacy.call("set_working_directory", { directory: "/home/me/legacy" });
    for (const stray of [String(legacy.sessionId()), "not-a-session"]) {
      const modern = await connected("modern", url(), { headers: { "Mcp-Session-Id": stray } });
      expect((await modern.call("get_working_directory")).data).toMatchObject({
        session_id: null,
        working_directory: null,
      });
      const set = await modern.call("set_working_directory", { directory: "/home/me/modern" });
      expect(set.data.session_id).not.toBe(stray);
    }
    expect((await legacy.call("get_working_directory")).data.working_directory).toBe("/home/me/legacy");
  });

  it("is a new one for each set without a session_id", async () => {
    const client = await connected("modern", url());
    const one = await client.call("set_working_directory", { directory: "/home/me/one" });
    const two = await client.call("set_working_directory", { directory: "/home/me/two" });
    expect(two.data.session_id).not.toBe(one.data.session_id);
    const { data } = await client.call("get_working_directory", { session_id: one.data.session_id });
    expect(data.working_directory).toBe("/home/me/one");
  });
});

describe("a session_id passed to another client", () => {
  const pairs = CLIENT_KINDS.flatMap((from) => CLIENT_KINDS.filter((to) => to !== from).map((to) => ({ from, to })));

  it.each(pairs)("from $from to $to finds the same context there", async ({ from, to }) => {
    const [giver, taker] = [await connected(from, url()), await connected(to, url())];
    const { data } = await giver.call("set_working_directory", { directory: `/home/me/${from}` });
    const handle = { session_id: data.session_id };
    expect((await taker.call("get_working_directory", handle)).data.working_directory).toBe(`/home/me/${from}`);
    await taker.call("set_working_directory", { directory: `/home/me/${to}`, ...handle });
    expect((await giver.call("get_working_directory", handle)).data.working_directory).toBe(`/home/me/${to}`);
    expect((await taker.call("end_session", handle)).data.ended).toBe(true);
    expect((await giver.call("get_working_directory", handle)).data.working_directory).toBeNull();
  });
});
