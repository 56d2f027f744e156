/** State as a server's author describes it, in the app that `sessionApp` builds from their factory. */
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { McpServer } from "@modelcontextprotocol/server";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { failureResult } from "../../src/author/describe-failure.ts";
import { type BuildContext, sessionApp } from "../../src/http/app.ts";
import { decodeSessionId } from "../../src/model/session-id.ts";
import { MAX_STATE_KEYS } from "../../src/session/limits.ts";
import { callTool } from "../support/apps.ts";
import { DAY, EMPTY, evict, fireDueAlarm, moveClock, ownClock, storageOf, stubOf } from "../support/objects.ts";

ownClock();

type Run<Shape extends z.ZodObject> = (context: BuildContext<Shape>, sessionId?: string) => Promise<unknown>;

/** Runs `work` inside a tool call of a server with this state, in the modern era. */
async function within<Shape extends z.ZodObject>(state: Shape, work: Run<Shape>, sessionId?: string) {
  let outcome: unknown;
  const app = sessionApp({
    state,
    buildServer(context) {
      const server = new McpServer({ name: "test", version: "1.0.0" });
      server.registerTool("run", { inputSchema: z.object({}) }, async () => {
        outcome = await work(context, sessionId);
        return { content: [] };
      });
      return server;
    },
  });
  const ctx = createExecutionContext();
  const response = await app.fetch(callTool("run", {}, { era: "modern" }), env, ctx);
  expect(response.status, await response.text()).toBe(200);
  await waitOnExecutionContext(ctx);
  return outcome as { ok: boolean; value: { sessionId: string; [name: string]: unknown }; failure: { kind: string } };
}

const shape = z.object({ count: z.number(), title: z.string() });
const objectOf = (sessionId: string) => stubOf(decodeSessionId(sessionId) ?? "");

/** A session with a count of 1. */
async function begun(): Promise<string> {
  const set = await within(shape, ({ state }) => state.set("count", 1));
  expect(set).toMatchObject({ ok: true, value: { created: true } });
  return set.value.sessionId;
}

describe("typed state", () => {
  it("survives eviction, is listed, deleted, and ends with its session", async () => {
    const id = await begun();
    await evict(objectOf(id));
    expect(await within(shape, ({ state }) => state.get("count", id))).toEqual({
      ok: true,
      value: { sessionId: id, value: 1 },
    });
    await within(shape, ({ state }) => state.set("title", "Sheep", id));
    expect((await within(shape, ({ state }) => state.list(id))).value.values).toEqual({ count: 1, title: "Sheep" });
    expect((await within(shape, ({ state }) => state.delete("title", id))).value.deleted).toBe(true);
    expect((await within(shape, ({ state }) => state.get("title", id))).value.value).toBeUndefined();

    expect((await within(shape, ({ session }) => session.end(id))).value.ended).toBe(true);
    expect((await within(shape, ({ state }) => state.get("count", id))).value.value).toBeUndefined();
    expect(await storageOf(objectOf(id))).toEqual(EMPTY);
  });

  it("expires with its session, and reading a missing value stores nothing", async () => {
    const id = await begun();
    moveClock(DAY + 60_000);
    expect((await within(shape, ({ state }) => state.list(id))).value.values).toEqual({});
    await fireDueAlarm(objectOf(id));
    expect(await storageOf(objectOf(id))).toEqual(EMPTY);
    expect(await within(shape, ({ state }) => state.get("count"))).toMatchObject({ value: { sessionId: null } });
  });

  it("loses no update, whatever comes in between", async () => {
    const id = await begun();
    const updated = await within(shape, async ({ state }) => {
      // Its read is sent first, then this set, and only then its write.
      const update = state.update("count", (count = 0) => count + 1, id);
      await state.set("count", 10, id);
      return update;
    });
    expect(updated).toMatchObject({ ok: true, value: { value: 11 } });
    await within(shape, ({ state }) =>
      Promise.all(Array.from({ length: 4 }, () => state.update("count", (count = 0) => count + 1, id))),
    );
    expect((await within(shape, ({ state }) => state.get("count", id))).value.value).toBe(15);
  });

  it("refuses a value that does not match its schema, on writing or reading, and an undeclared key", async () => {
    const id = await begun();
    const wrong = await within(shape, ({ state }) => state.set("count", "one" as never, id));
    expect(wrong).toMatchObject({ ok: false, failure: { kind: "state_mismatch", key: "count" } });
    const newer = z.object({ count: z.string(), toString: z.string() });
    expect((await within(newer, ({ state }) => state.get("count", id))).failure.kind).toBe("state_mismatch");
    expect((await within(newer, ({ state }) => state.list(id))).failure.kind).toBe("state_mismatch");
    const odd = await within(shape, ({ state }) => state.set("toString" as never, 1 as never, id));
    expect(odd.failure.kind).toBe("state_mismatch");
    expect((await within(shape, ({ state }) => state.get("count", id))).value.value).toBe(1);
  });

  it("takes 64 keys, refuses the 65th in plain words, and keeps the stored ones", async () => {
    const keys = Array.from({ length: MAX_STATE_KEYS + 1 }, (_, n) => `k${n}`);
    const wide: z.ZodObject = z.object(Object.fromEntries(keys.map((key) => [key, z.number()])));
    const id = (await within(wide, ({ state }) => state.set("k0", 0))).value.sessionId;
    await within(wide, async ({ state }) => {
      for (const key of keys.slice(1, MAX_STATE_KEYS)) expect((await state.set(key, 1, id)).ok).toBe(true);
    });
    const refused = await within(wide, async ({ state }) => {
      const set = await state.set(`k${MAX_STATE_KEYS}`, 1, id);
      return set.ok ? set : { ...set, value: failureResult(set.failure) };
    });
    expect(refused.failure.kind).toBe("state_too_many_keys");
    expect(JSON.stringify(refused.value)).toContain("a session keeps at most 64");
    const listed = await within(wide, ({ state }) => state.list(id));
    expect(Object.keys(listed.value.values as object)).toHaveLength(MAX_STATE_KEYS);
  });
});

describe("a session used by a server's author", () => {
  it("has a directory, a project and is counted", async () => {
    const none = z.object({});
    const set = await within(none, ({ session }) => session.setWorkingDirectory("/a//b/"));
    expect(set).toMatchObject({ ok: true, value: { created: true, context: { workingDirectory: "/a/b" } } });
    const id = set.value.sessionId;
    expect(await within(none, ({ session }) => session.get(id))).toMatchObject({
      value: { sessionId: id, context: { workingDirectory: "/a/b" } },
    });
    expect(await within(none, ({ session }) => session.resolveProject(null, id))).toMatchObject({
      value: { sessionId: id, project: null, tier: "default" },
    });
    expect(await within(none, ({ session }) => session.count())).toMatchObject({ value: { total: 1 } });
    expect((await within(none, ({ session }) => session.list())).failure.kind).toBe("anonymous_refused");
    expect((await within(none, ({ session }) => session.setWorkingDirectory("b", id))).failure.kind).toBe(
      "path_invalid",
    );
    expect((await within(none, ({ session }) => session.resolveProject("x", id))).failure.kind).toBe(
      "project_not_found",
    );
  });
});
