import { afterEach, describe, expect, it, vi } from "vitest";
import { encodeSessionId } from "../../src/model/session-id.ts";
import { shardOf } from "../../src/registry/shard-of.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { HOST, startAdminApi } from "../support/admin-api.ts";
import { AS_OPERATOR, callTool, OPERATOR_KEY, type Send, startApp } from "../support/apps.ts";
import { shardDown } from "../support/shard-down.ts";

const { send, alice, bob, ask, open, listOf } = await startAdminApi();

afterEach(() => void vi.restoreAllMocks());

describe("a registry shard that does not respond", () => {
  it("makes the count an error that names the shard, never a guess", async () => {
    shardDown(1);
    const answer = await ask("/api/sessions/count");
    expect(answer.status).toBe(503);
    expect(answer.json.error).toBe("Cannot count exactly: registry shard 1 not responding. Try again");
  });

  it("is reported in a list of the others' sessions, and does not affect a principal of another shard", async () => {
    const home = shardOf("token:alice", null, 16);
    const id = await open(alice);
    shardDown((home + 1) % 16);
    const all = await listOf();
    expect(all.missing_shards).toEqual([(home + 1) % 16]);
    expect(all.sessions.map((row) => row.session_id)).toContain(id);
    const ofAlice = await listOf("?principal=token:alice");
    expect(ofAlice.missing_shards).toEqual([]);
    expect(ofAlice.sessions.map((row) => row.session_id)).toContain(id);
    vi.restoreAllMocks();
    shardDown(home);
    expect(await listOf("?principal=token:alice")).toEqual({ sessions: [], next_cursor: null, missing_shards: [home] });
  });

  it("is 0 in the metrics, which have the other shards' figures and omit what would be a guess", async () => {
    shardDown(1);
    const answer = await ask("/metrics");
    expect(answer.status).toBe(200);
    const names = [...answer.text.matchAll(/^# TYPE mcp_session_context_(\w+)/gm)].map(([, name]) => name);
    expect(names).toEqual(["build_info", "active_sessions", "shard_up"]);
    expect(answer.text).toContain('mcp_session_context_shard_up{shard="1"} 0\n');
    expect(answer.text).toContain('mcp_session_context_shard_up{shard="2"} 1\n');
    expect(answer.text).toMatch(/^mcp_session_context_active_sessions{shard="0"} \d+$/m);
    expect(answer.text).not.toContain('active_sessions{shard="1"}');
  });

  it("is logged with its number", async () => {
    shardDown(1);
    const logged = vi.spyOn(console, "log").mockReturnValue();
    const app = startApp({ LOG_LEVEL: "warn", OPERATOR_KEY });
    await app(new Request("http://localhost/metrics", { headers: { Host: "localhost", ...AS_OPERATOR } }));
    const lines = logged.mock.calls.map(([line]) => JSON.parse(String(line)));
    expect(lines.filter(({ event }) => event === "registry_shard_failed")).toEqual([
      { level: "warn", event: "registry_shard_failed", shard: 1, operation: "report", error: "Error: shard is down" },
    ]);
  });

  it("makes /readyz 503 with its number, while /healthz stays 200; both work without a token", async () => {
    const ready = (app: Send) => app(new Request(`https://${HOST}/readyz`, { headers: { Host: HOST } }));
    const up = await ready(startApp());
    expect([up.status, up.json]).toEqual([200, { status: "ready" }]);
    shardDown(1, 4);
    const down = await ready(startApp());
    expect([down.status, down.json]).toEqual([
      503,
      { status: "degraded", error: "Not responding: registry shards 1, 4", missing_shards: [1, 4] },
    ]);
    expect((await ask("/healthz", { token: "" })).status).toBe(200);
  });
});

describe("list_sessions", () => {
  it("lists the other sessions if one does not respond, and reports that one", async () => {
    const [broken, fine] = [await open(bob, "/broken"), await open(bob, "/fine")];
    const peek = SessionObject.prototype.peek;
    vi.spyOn(SessionObject.prototype, "peek").mockImplementation(function (this: SessionObject, principal) {
      const id = encodeSessionId((this as unknown as { ctx: DurableObjectState }).ctx.id.toString());
      if (id === broken) throw Object.assign(new Error("overloaded"), { overloaded: true });
      return peek.call(this, principal);
    });
    const listed = (await send(callTool("list_sessions", {}, { token: bob }))).json.result;
    expect(listed?.structuredContent?.not_responding).toEqual([broken]);
    expect(JSON.stringify(listed?.structuredContent?.sessions)).toContain(fine);
    expect(listed?.content?.[0]?.text).toContain(`${broken}: not responding right now`);
  });

  it("and the caller's own count use the caller's shard only, and an error names it", async () => {
    const home = shardOf("token:alice", null, 16);
    await open(alice);
    shardDown(...Array.from({ length: 16 }, (_, shard) => shard).filter((shard) => shard !== home && shard !== 0));
    expect((await send(callTool("list_sessions", {}, { token: alice }))).json.result?.isError).toBeUndefined();
    const own = await send(callTool("get_session_count", {}, { token: alice }));
    expect(own.json.result?.structuredContent).toMatchObject({ active_sessions: null, yours: expect.any(Number) });
    vi.restoreAllMocks();
    shardDown(home);
    for (const tool of ["list_sessions", "get_session_count"]) {
      const { result } = (await send(callTool(tool, {}, { token: alice }))).json;
      expect(result?.content?.[0]?.text).toContain(`registry shard ${home} not responding`);
    }
  });
});
