/** The service binding: ids chosen by the caller, scoped by service, with the original semantics and state. */

import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { ServiceProps, SessionService } from "../../src/rpc/session-service.ts";
import { MAX_STATE_BYTES } from "../../src/session/limits.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import { tool } from "../support/mcp.ts";
import { DAY, EMPTY, evict, fireDueAlarm, idOf, moveClock, ownClock, storageOf } from "../support/objects.ts";

ownClock();

const bound = (props: object) =>
  exports.SessionEntrypoint({ props: props as ServiceProps }) as unknown as SessionService;
const service = (name = "notes") => bound({ service: name });
const objectOf = (name: string, sessionId: string) =>
  env.SESSIONS.get(env.SESSIONS.idFromName(JSON.stringify([name, sessionId])));

describe("the origin's semantics", () => {
  it("the first set creates, the next overwrites, get returns, end deletes", async () => {
    const notes = service();
    expect(await notes.setWorkingDirectory("session_1", "/a//b/")).toMatchObject({
      ok: true,
      value: { created: true, context: { sessionId: "session_1", workingDirectory: "/a/b" } },
    });
    expect(await notes.setWorkingDirectory("session_1", "/c")).toMatchObject({ ok: true, value: { created: false } });
    expect(await notes.getWorkingDirectory("session_1")).toEqual({ ok: true, value: "/c" });
    expect(await notes.getSessionContext("session_1")).toMatchObject({ ok: true, value: { client: "service notes" } });
    expect(await notes.getSessionCount()).toMatchObject({ ok: true, value: { total: 1 } });
    expect(await notes.endSession("session_1")).toEqual({ ok: true, value: true });
    expect(await notes.endSession("session_1")).toEqual({ ok: true, value: false });
    expect(await notes.getSessionCount()).toMatchObject({ ok: true, value: { total: 0 } });
  });

  it("an unknown id is null, and nothing is stored", async () => {
    const notes = service();
    expect(await notes.getWorkingDirectory("nobody")).toEqual({ ok: true, value: null });
    expect(await notes.getSessionContext("nobody")).toEqual({ ok: true, value: null });
    expect(await notes.getState("nobody", "k")).toEqual({ ok: true, value: null });
    expect(await notes.deleteState("nobody", "k")).toEqual({ ok: true, value: false });
    expect(await notes.listState("nobody")).toEqual({ ok: true, value: [] });
    expect(await notes.endSession("nobody")).toEqual({ ok: true, value: false });
    expect(await storageOf(objectOf("notes", "nobody"))).toEqual(EMPTY);
  });

  it("expected failures are returned as data", async () => {
    expect(await service().setWorkingDirectory("s", "relative")).toMatchObject({
      ok: false,
      failure: { kind: "path_invalid", fault: "relative", path: "relative" },
    });
    for (const sessionId of ["", "x".repeat(600), "\ud800", 7, null]) {
      expect(await service().getWorkingDirectory(sessionId as string)).toMatchObject({
        failure: { kind: "session_id_invalid" },
      });
    }
    const unnamed = bound({});
    expect(await unnamed.getWorkingDirectory("s")).toEqual({ ok: false, failure: { kind: "service_unnamed" } });
    expect(await service().resolveProject("s", "x")).toMatchObject({ ok: false });
    // A failure contains the service's own session id.
    expect(await service().resolveProject("s")).toEqual({ ok: false, failure: { kind: "no_context", sessionId: "s" } });
  });
});

describe("services", () => {
  it("that use the same id never share a session, not even with a caller who has the object's own id", async () => {
    const [notes, mail] = [service("notes"), service("mail")];
    await notes.setWorkingDirectory("session_1", "/notes");
    expect(await mail.getWorkingDirectory("session_1")).toEqual({ ok: true, value: null });
    await mail.setWorkingDirectory("session_1", "/mail");
    expect(await notes.getWorkingDirectory("session_1")).toEqual({ ok: true, value: "/notes" });
    // Service and id are joined so that no two pairs give the same text.
    await service('a","b').setWorkingDirectory("c", "/x");
    expect(await service("a").getWorkingDirectory('b","c')).toEqual({ ok: true, value: null });
    const id = idOf(objectOf("notes", "session_1"));
    const foreign = await tool("get_working_directory", { session_id: id });
    expect(foreign.isError).toBe(true);
    expect(foreign.text).toContain("is not a session of this server");
  });

  it("have no quota: their sessions belong to many users", async () => {
    const notes = service();
    await Promise.all(Array.from({ length: 30 }, (_, n) => notes.setWorkingDirectory(`s${n}`, "/a")));
    expect(await notes.getSessionCount()).toMatchObject({ value: { total: 30 } });
  });
});

describe("state", () => {
  it("begins a context, is read as written, listed, deleted, and survives eviction", async () => {
    const notes = service();
    const value = { a: [1, 2.5, -0.1, null, true, "ü\u0000"], b: { c: {} } };
    expect(await notes.setState("s", "first", value)).toEqual({ ok: true, value: { created: true } });
    expect(await notes.setState("s", "second", "x")).toEqual({ ok: true, value: { created: false } });
    await evict(objectOf("notes", "s"));
    expect(await notes.getState("s", "first")).toEqual({ ok: true, value });
    expect(await notes.listState("s")).toEqual({
      ok: true,
      value: [
        { key: "first", value },
        { key: "second", value: "x" },
      ],
    });
    expect(await notes.deleteState("s", "first")).toEqual({ ok: true, value: true });
    expect(await notes.getState("s", "first")).toEqual({ ok: true, value: null });
    expect(await notes.getSessionContext("s")).toMatchObject({ value: { workingDirectory: null } });
    expect(await notes.getSessionCount()).toMatchObject({ value: { total: 1 } });
  });

  it("is kept alive by every access, and ends with its session", async () => {
    const notes = service();
    await notes.setState("s", "k", 1);
    for (const access of [
      () => notes.getState("s", "k"),
      () => notes.setState("s", "k", 2),
      () => notes.deleteState("s", "other"),
      () => notes.listState("s"),
      () => notes.getWorkingDirectory("s"),
    ]) {
      moveClock(DAY - 120_000);
      expect(await fireDueAlarm(objectOf("notes", "s"))).toBe(false);
      expect(await access()).toMatchObject({ ok: true });
    }
    moveClock(DAY + 60_000);
    expect(await notes.getState("s", "k")).toEqual({ ok: true, value: null });
    await fireDueAlarm(objectOf("notes", "s"));
    expect(await storageOf(objectOf("notes", "s"))).toEqual(EMPTY);
  });

  it("of an expired context never appears in the next, even if its alarm is late", async () => {
    const notes = service();
    await notes.setState("s", "old", 1);
    moveClock(DAY + 60_000);
    await notes.setState("s", "new", 2);
    expect(await notes.listState("s")).toEqual({ ok: true, value: [{ key: "new", value: 2 }] });
  });

  it("takes 64 keys, refuses the 65th, and keeps the stored ones", async () => {
    const notes = service();
    for (let n = 0; n < 64; n++) await notes.setState("s", `k${n}`, n);
    expect(await notes.setState("s", "one more", 0)).toMatchObject({
      failure: { kind: "state_too_many_keys", limit: 64 },
    });
    expect(await notes.setState("s", "k7", "changed")).toMatchObject({ ok: true });
    const listed = await notes.listState("s");
    expect(listed.ok && listed.value).toHaveLength(64);
    await notes.deleteState("s", "k0");
    expect(await notes.setState("s", "one more", 0)).toMatchObject({ ok: true });
  });

  it("takes 131,072 bytes, keys included, refuses the next byte, and keeps the stored value", async () => {
    const notes = service();
    // The key has one byte, and the quotes of the JSON text two.
    const fits = "x".repeat(MAX_STATE_BYTES - 3);
    expect(await notes.setState("s", "k", fits)).toMatchObject({ ok: true });
    expect(await notes.setState("s", "k", `${fits}x`)).toMatchObject({
      failure: { kind: "state_too_large", bytes: MAX_STATE_BYTES + 1, limit: MAX_STATE_BYTES },
    });
    expect(await notes.setState("s", "l", 1)).toMatchObject({ failure: { kind: "state_too_large" } });
    expect(await notes.getState("s", "k")).toEqual({ ok: true, value: fits });
    expect(await notes.setState("s", "k", "ü")).toMatchObject({ ok: true });
  });

  it.each([
    ["undefined", undefined, "$"],
    ["a date", { at: new Date() }, "$.at"],
    ["a map", [new Map()], "$.0"],
    ["an infinite number", { x: [1, Number.POSITIVE_INFINITY] }, "$.x.1"],
    ["a bigint", 1n, "$"],
    ["half a surrogate pair", "\ud800", "$"],
    ["an undefined field", { a: undefined }, "$.a"],
  ])("refuses a value that JSON cannot represent: %s", async (_what, value, path) => {
    expect(await service().setState("s", "k", value as never)).toMatchObject({
      failure: { kind: "state_value_invalid", path },
    });
    expect(await storageOf(objectOf("notes", "s"))).toEqual(EMPTY);
  });

  it("refuses a key that is empty or too long", async () => {
    for (const key of ["", "k".repeat(257)]) {
      expect(await service().setState("s", key, 1)).toMatchObject({ failure: { kind: "state_key_invalid" } });
    }
  });
});

describe("every method", () => {
  it("is one call to one session object", async () => {
    const notes = service();
    await notes.setWorkingDirectory("s", "/a");
    const names = ["set", "get", "project", "state", "peek", "end", "delete"] as const;
    const spies = names.map((name) => vi.spyOn(SessionObject.prototype, name));
    const calls = () => spies.reduce((sum, spy) => sum + spy.mock.calls.length, 0);
    for (const method of [
      () => notes.setWorkingDirectory("s", "/b"),
      () => notes.getWorkingDirectory("s"),
      () => notes.getSessionContext("s"),
      () => notes.setState("s", "k", 1),
      () => notes.getState("s", "k"),
      () => notes.listState("s"),
      () => notes.deleteState("s", "k"),
      () => notes.resolveProject("s"),
      () => notes.endSession("s"),
    ]) {
      const before = calls();
      await method();
      expect(calls() - before, String(method)).toBe(1);
    }
  });
});
