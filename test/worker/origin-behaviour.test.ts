/** The validation groups of the system that this one replaces, by name. */
import { describe, expect, it } from "vitest";
import { decodeSessionId } from "../../src/model/session-id.ts";
import { tool } from "../support/mcp.ts";
import { DAY, EMPTY, fireDueAlarm, moveClock, ownClock, storageOf, stubOf } from "../support/objects.ts";

ownClock();

const open = async (directory: string) => String((await tool("set_working_directory", { directory })).data.session_id);
const directoryOf = async (session_id: string) =>
  (await tool("get_working_directory", { session_id })).data.working_directory;
const count = async () => (await tool("get_session_count")).data.active_sessions;
const objectOf = (sessionId: string) => stubOf(decodeSessionId(sessionId) ?? "");

describe("lifecycle", () => {
  it("begins with the first set, is ended, and begins anew under the same id", async () => {
    const id = await open("/project");
    expect((await tool("end_session", { session_id: id })).data).toMatchObject({ ended: true, session_id: id });
    expect(await directoryOf(id)).toBeNull();
    expect((await tool("end_session", { session_id: id })).data).toMatchObject({ ended: false });
    const again = await tool("set_working_directory", { directory: "/again", session_id: id });
    expect(again.data).toMatchObject({ success: true, created: true, session_id: id });
  });
});

describe("set/get", () => {
  it("returns what was set, overwrites, and refreshes the last use", async () => {
    const id = await open("/first");
    expect(await directoryOf(id)).toBe("/first");
    moveClock(3_600_000);
    const set = await tool("set_working_directory", { directory: "/second", session_id: id });
    expect(set.data).toMatchObject({ created: false, working_directory: "/second" });
    const context = (await tool("get_session_context", { session_id: id })).data;
    expect(context).toMatchObject({
      session_id: id,
      working_directory: "/second",
      config_path: null,
      project_id: null,
      client: "modern-test/2",
    });
    expect(context.set_at).toBe(new Date().toISOString());
    expect(Date.parse(String(context.expires_at))).toBeGreaterThanOrEqual(Date.now() + DAY);
  });
});

describe("unknown id", () => {
  it("which was never set reads as null with a hint, and creates nothing", async () => {
    const id = await open("/a");
    await tool("end_session", { session_id: id });
    const got = await tool("get_working_directory", { session_id: id });
    expect(got).toMatchObject({ isError: false, data: { working_directory: null, expires_at: null, session_id: id } });
    expect(got.data.hint).toContain("set_working_directory");
    expect(await storageOf(objectOf(id))).toEqual(EMPTY);
    expect(await count()).toBe(0);
  });

  it("which this server never issued is a tool error that quotes it", async () => {
    for (const name of ["get_working_directory", "get_session_context", "end_session"]) {
      const got = await tool(name, { session_id: "session_1" });
      expect(got).toMatchObject({ status: 200, isError: true });
      expect(got.text).toContain('"session_1"');
      expect(got.text).toContain("set_working_directory");
    }
  });
});

describe("count", () => {
  it("goes 0 → 1 → 3 and back", async () => {
    expect(await count()).toBe(0);
    const first = await open("/1");
    expect(await count()).toBe(1);
    await open("/2");
    await open("/3");
    expect(await count()).toBe(3);
    await tool("end_session", { session_id: first });
    expect(await count()).toBe(2);
  });
});

describe("isolation", () => {
  it("of three sessions: changes and ends of one are never visible in the others", async () => {
    const [a, b, c] = [await open("/a"), await open("/b"), await open("/c")];
    await tool("set_working_directory", { directory: "/b2", session_id: b });
    await tool("end_session", { session_id: c });
    expect([await directoryOf(a), await directoryOf(b), await directoryOf(c)]).toEqual(["/a", "/b2", null]);
  });
});

describe("10 concurrent operations", () => {
  it("on 10 sessions all succeed", async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, n) => open(`/p${n}`)));
    expect(new Set(ids).size).toBe(10);
    expect(await Promise.all(ids.map(directoryOf))).toEqual(ids.map((_, n) => `/p${n}`));
    expect(await count()).toBe(10);
  });

  it("on one session leave one of the values, and one context", async () => {
    const id = await open("/start");
    const directories = Array.from({ length: 10 }, (_, n) => `/p${n}`);
    await Promise.all(directories.map((directory) => tool("set_working_directory", { directory, session_id: id })));
    expect(directories).toContain(await directoryOf(id));
    expect(await count()).toBe(1);
  });
});

describe("stale detection", () => {
  it("spares a session in use, however old it is", async () => {
    const id = await open("/used");
    for (let day = 0; day < 5; day++) {
      moveClock(DAY - 60_000);
      expect(await fireDueAlarm(objectOf(id))).toBe(false);
      expect(await directoryOf(id)).toBe("/used");
    }
    expect(await count()).toBe(1);
  });
});

describe("the full 24 hours", () => {
  it("end an unused session, to the minute, and nothing is left of it", async () => {
    const id = await open("/idle");
    const used = await open("/used");
    moveClock(DAY - 1);
    expect(await fireDueAlarm(objectOf(id))).toBe(false);
    expect(await directoryOf(used)).toBe("/used");
    expect(await count()).toBe(2);
    moveClock(60_001);
    expect(await fireDueAlarm(objectOf(id))).toBe(true);
    expect(await fireDueAlarm(objectOf(used))).toBe(false);
    expect(await count()).toBe(1);
    expect(await directoryOf(id)).toBeNull();
    expect(await storageOf(objectOf(id))).toEqual(EMPTY);
  });
});
