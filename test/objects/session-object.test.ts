import { runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import type { SetRequest } from "../../src/session/session-requests.ts";
import {
  activeSessions,
  alarmOf,
  contextOf,
  DAY,
  EMPTY,
  evict,
  fireDueAlarm,
  idOf,
  inSession,
  moveClock,
  newSession,
  ownClock,
  registryShard,
  type SessionStub,
  setRequest,
  settle,
  storageOf,
} from "../support/objects.ts";

ownClock();

describe("a context", () => {
  it("begins with the first set and is counted at once", async () => {
    const session = newSession();
    const set = await session.set(ANONYMOUS, setRequest("/a"));
    expect(set).toMatchObject({
      ok: true,
      value: { created: true, context: { workingDirectory: "/a", client: "test/1" } },
    });
    expect(await activeSessions()).toBe(1);
    expect(await contextOf(session)).toMatchObject({
      sessionId: idOf(session),
      workingDirectory: "/a",
    });
  });

  it("is changed, not begun, by the next set", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    expect(await session.set(ANONYMOUS, setRequest("/b"))).toMatchObject({ ok: true, value: { created: false } });
    expect((await contextOf(session))?.workingDirectory).toBe("/b");
    expect(await activeSessions()).toBe(1);
  });

  it("survives eviction, without relying on memory", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    await evict(session);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
    expect(await activeSessions()).toBe(1);
  });

  it("keeps the idle timeout that it began with", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a", { idleTimeoutMs: 10_000 }));
    await session.set(ANONYMOUS, setRequest("/b", { idleTimeoutMs: DAY }));
    moveClock(10_100);
    expect(await contextOf(session)).toBeNull();
  });
});

describe("a session without context", () => {
  it("reads as null and stores nothing, whatever the call", async () => {
    const session = newSession();
    expect(await contextOf(session)).toBeNull();
    expect(await session.peek(ANONYMOUS)).toEqual({ ok: true, value: null });
    expect(await session.end(ANONYMOUS)).toEqual({ ok: true, value: { ended: false } });
    expect(await session.holds(1)).toBe(false);
    await inSession(session, (instance) => instance.alarm());
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });
});

describe("every access moves the deadline", () => {
  it("to the idle timeout from now, and writes at most once a minute", async () => {
    vi.setSystemTime(Math.ceil(Date.now() / 60_000) * 60_000 + 1);
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const first = await alarmOf(session);
    expect(first).toBe(Date.now() - 1 + DAY + 60_000);
    moveClock(30_000);
    await contextOf(session);
    expect(await alarmOf(session)).toBe(first);
    moveClock(60_000);
    expect((await contextOf(session))?.expiresAt).toBe((first ?? 0) + 60_000);
    expect(await alarmOf(session)).toBe((first ?? 0) + 60_000);
  });

  it("but never back, even if the clock is set back", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const alarm = await alarmOf(session);
    moveClock(-3_600_000);
    expect((await contextOf(session))?.expiresAt).toBe(alarm);
    expect(await alarmOf(session)).toBe(alarm);
  });

  it("and returns the time of the previous access", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const setAt = Date.now();
    moveClock(3_600_000);
    const { lastUsed } = (await contextOf(session)) ?? { lastUsed: 0 };
    expect(lastUsed).toBeGreaterThanOrEqual(setAt);
    expect(lastUsed).toBeLessThan(setAt + 60_000);
    expect((await contextOf(session))?.lastUsed).toBe(Date.now());
  });

  it("but a peek moves nothing", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const alarm = await alarmOf(session);
    moveClock(3_600_000);
    expect(await session.peek(ANONYMOUS)).toMatchObject({
      ok: true,
      value: { workingDirectory: "/a", expiresAt: alarm },
    });
    expect(await alarmOf(session)).toBe(alarm);
  });
});

describe("expiry", () => {
  it("comes after 24 idle hours, not before, and leaves empty storage and no row", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(DAY - 1);
    expect(await fireDueAlarm(session)).toBe(false);
    moveClock(60_001);
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
    expect(await contextOf(session)).toBeNull();
  });

  it("is exact even when the alarm is late: an expired context is never read", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(DAY + 60_000);
    expect(await contextOf(session)).toBeNull();
    expect(await session.end(ANONYMOUS)).toMatchObject({ value: { ended: false } });
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });

  it("leaves the id usable: a set before the late alarm begins a new context, which that alarm does not end", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/old"));
    moveClock(DAY + 60_000);
    expect(await session.set(ANONYMOUS, setRequest("/new"))).toMatchObject({ value: { created: true } });
    await inSession(session, (instance) => instance.alarm());
    expect((await contextOf(session))?.workingDirectory).toBe("/new");
    expect(await activeSessions()).toBe(1);
  });

  it("survives an alarm that is delivered twice", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(DAY + 60_000);
    await fireDueAlarm(session);
    await inSession(session, (instance) => instance.alarm());
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });

  it("happens although the platform has given up on the alarm: the context is not read again, and closes at the next access", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    await inSession(session, (_, { storage }) => storage.deleteAlarm());
    moveClock(DAY + 60_000);
    expect(await contextOf(session)).toBeNull();
    expect(await contextOf(session)).toBeNull();
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });
});

describe("a limit of age", () => {
  const DAYS = 3 * DAY;
  const aged = (directory: string) => setRequest(directory, { maxAgeMs: DAYS });

  it("ends a context to the millisecond however much it is used, and its row with it", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, aged("/a"));
    const endsAt = Date.now() + DAYS;
    for (let hours = 0; hours < 71; hours++) {
      moveClock(3_600_000);
      expect((await contextOf(session))?.expiresAt).toBeLessThanOrEqual(endsAt);
    }
    vi.setSystemTime(endsAt - 1);
    expect(await contextOf(session)).toMatchObject({ workingDirectory: "/a", expiresAt: endsAt });
    await session.set(ANONYMOUS, aged("/b"));
    expect(await alarmOf(session)).toBe(endsAt);
    moveClock(1);
    expect(await contextOf(session)).toBeNull();
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
    expect(await session.set(ANONYMOUS, aged("/c"))).toMatchObject({ value: { created: true } });
  });

  it("does not affect the time of the last use, also after eviction", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, aged("/a"));
    for (let hours = 0; hours < 60; hours += 20) {
      moveClock(20 * 3_600_000);
      const usedAt = Date.now();
      await contextOf(session);
      await evict(session);
      moveClock(3_600_000);
      const { lastUsed = 0 } = (await contextOf(session)) ?? {};
      expect(lastUsed).toBeGreaterThanOrEqual(usedAt);
      expect(lastUsed).toBeLessThan(usedAt + 60_000);
    }
  });

  it("shorter than the idle timeout applies from the start, also to a context that is not registered yet", async () => {
    const session = newSession();
    vi.spyOn(SessionRegistry.prototype, "register").mockImplementationOnce(() => {
      throw new Error("shard refuses");
    });
    const set = await session.set(ANONYMOUS, setRequest("/a", { maxAgeMs: 3_600_000 }));
    expect(set).toMatchObject({ value: { context: { expiresAt: Date.now() + 3_600_000 } } });
    moveClock(3_599_999);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
    moveClock(1);
    expect(await contextOf(session)).toBeNull();
    await settle(session);
    expect(await activeSessions()).toBe(0);
  });
});

describe("ending", () => {
  it("deletes the context at once; the id begins anew", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    expect(await session.end(ANONYMOUS)).toEqual({ ok: true, value: { ended: true } });
    expect(await session.end(ANONYMOUS)).toEqual({ ok: true, value: { ended: false } });
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
    expect(await session.set(ANONYMOUS, setRequest("/b"))).toMatchObject({ value: { created: true } });
    expect(await activeSessions()).toBe(1);
  });

  it("completes although unregistering fails first: gone at once, uncounted as soon as the shard answers", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const broken = vi.spyOn(SessionRegistry.prototype, "unregister").mockImplementation(() => {
      throw new Error("shard refuses");
    });
    expect(await session.end(ANONYMOUS)).toMatchObject({ value: { ended: true } });
    expect(await contextOf(session)).toBeNull();
    expect(await activeSessions()).toBe(1);
    for (let tries = 0; tries < 10; tries++) {
      vi.setSystemTime((await alarmOf(session)) ?? 0);
      await runDurableObjectAlarm(session);
    }
    expect(broken.mock.calls.length).toBeGreaterThan(10);
    broken.mockRestore();
    await settle(session);
    expect(await activeSessions()).toBe(0);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("with DELETE answers every call by header as deleted for 24 hours, then nothing is left", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    expect(await session.delete(ANONYMOUS)).toMatchObject({ value: { ended: true } });
    expect(await activeSessions()).toBe(0);
    await evict(session);
    await expectHeaderDeleted(session);
    moveClock(DAY - 1);
    await expectHeaderDeleted(session);
    moveClock(1);
    expect(await session.get(ANONYMOUS, BY_HEADER)).toEqual({ ok: true, value: null });
    await fireDueAlarm(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("with DELETE needs no context", async () => {
    const session = newSession();
    expect(await session.delete(ANONYMOUS)).toEqual({ ok: true, value: { ended: false } });
    await expectHeaderDeleted(session);
  });

  it("with DELETE looks like end_session to calls by argument: nothing is found, and a read writes nothing", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    await session.delete(ANONYMOUS);
    const tombstone = await storageOf(session);
    expect(await contextOf(session)).toBeNull();
    expect(await session.peek(ANONYMOUS)).toEqual({ ok: true, value: null });
    expect(await session.end(ANONYMOUS)).toEqual({ ok: true, value: { ended: false } });
    const read = await session.state(ANONYMOUS, { kind: "get", key: "k" }, null);
    expect(read).toMatchObject({ ok: true, value: { context: null, before: null } });
    expect(await session.project(ANONYMOUS, null, null)).toMatchObject({ failure: { kind: "no_context" } });
    expect(await storageOf(session)).toEqual(tombstone);
    for (const principal of ["alice", "bob"]) {
      expect(await session.set(principal, setRequest("/c"))).toMatchObject({ failure: { kind: "session_unknown" } });
    }
  });
});

describe("a context begun by argument over a tombstone", () => {
  const begunOver = async (rest: Partial<SetRequest> = {}, principal = ANONYMOUS) => {
    const session = newSession();
    await session.set(principal, setRequest("/a", rest));
    await session.delete(principal);
    const set = await session.set(principal, setRequest("/b", rest));
    expect(set).toMatchObject({ ok: true, value: { created: true, context: { workingDirectory: "/b" } } });
    return session;
  };

  it("works and is counted, while the header stays deleted for its 24 hours", async () => {
    const session = await begunOver();
    expect(await activeSessions()).toBe(1);
    await evict(session);
    await expectHeaderDeleted(session);
    moveClock(DAY - 1);
    await expectHeaderDeleted(session);
    expect((await contextOf(session))?.workingDirectory).toBe("/b");
    moveClock(1);
    expect(await session.get(ANONYMOUS, BY_HEADER)).toMatchObject({ value: { workingDirectory: "/b" } });
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("leaves the tombstone, and nothing else, when it ends", async () => {
    const session = await begunOver();
    await session.state(ANONYMOUS, { kind: "set", key: "k", text: "1" }, null);
    expect(await session.end(ANONYMOUS)).toEqual({ ok: true, value: { ended: true } });
    expect((await storageOf(session)).kv).toBe(1);
    await evict(session);
    await expectHeaderDeleted(session);
    expect(await activeSessions()).toBe(0);
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("leaves the tombstone when it expires earlier", async () => {
    const session = await begunOver({ idleTimeoutMs: 60_000 });
    moveClock(120_000);
    expect(await contextOf(session)).toBeNull();
    await fireDueAlarm(session);
    await fireDueAlarm(session);
    expect(await activeSessions()).toBe(0);
    await expectHeaderDeleted(session);
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("leaves the tombstone when the principal's quota refuses it", async () => {
    const session = newSession();
    await session.delete("alice");
    await newSession().set("alice", setRequest("/other"));
    const set = await session.set("alice", setRequest("/b", { maxSessions: 1 }));
    expect(set).toMatchObject({ failure: { kind: "quota_exceeded" } });
    expect((await storageOf(session)).kv).toBe(1);
    await expectHeaderDeleted(session, "alice");
  });
});

/** The session is named by header rather than by argument. */
const BY_HEADER = true;

async function expectHeaderDeleted(session: SessionStub, principal = ANONYMOUS): Promise<void> {
  const deleted = { ok: false, failure: { kind: "session_deleted", sessionId: idOf(session) } };
  const operation = { kind: "set", key: "k", text: "1" } as const;
  expect(await session.get(principal, BY_HEADER)).toEqual(deleted);
  expect(await session.peek(principal, BY_HEADER)).toEqual(deleted);
  expect(await session.set(principal, setRequest("/b"), undefined, BY_HEADER)).toEqual(deleted);
  expect(await session.state(principal, operation, setRequest("/b"), undefined, BY_HEADER)).toEqual(deleted);
  expect(await session.project(principal, null, null, undefined, BY_HEADER)).toEqual(deleted);
  expect(await session.end(principal, undefined, BY_HEADER)).toEqual(deleted);
  expect(await session.delete(principal)).toEqual(deleted);
}

describe("ownership", () => {
  it("makes a foreign session look like an unknown one in every call", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/a"));
    const unknown = { ok: false, failure: { kind: "session_unknown", sessionId: idOf(session) } };
    for (const principal of ["bob", ANONYMOUS]) {
      expect(await session.get(principal)).toEqual(unknown);
      expect(await session.peek(principal)).toEqual(unknown);
      expect(await session.set(principal, setRequest("/b"))).toEqual(unknown);
      expect(await session.end(principal)).toEqual(unknown);
      expect(await session.delete(principal)).toEqual(unknown);
    }
    expect((await contextOf(session, "alice"))?.workingDirectory).toBe("/a");
  });

  it("ends with the context: the next owner registers in their own shard", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/a", { shard: 1 }));
    moveClock(DAY + 60_000);
    expect(await session.set("bob", setRequest("/b", { shard: 2 }))).toMatchObject({ value: { created: true } });
    expect((await contextOf(session, "bob"))?.workingDirectory).toBe("/b");
    expect(await session.get("alice")).toMatchObject({ failure: { kind: "session_unknown" } });
    expect(await activeSessions()).toBe(1);
    expect(await registryShard(2).count(ANONYMOUS)).toMatchObject({ sessions: 1 });
  });

  it("passes on only once the previous owner's row is gone", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/a", { shard: 1 }));
    moveClock(DAY + 60_000);
    vi.spyOn(SessionRegistry.prototype, "unregister").mockImplementationOnce(() => {
      throw new Error("shard refuses");
    });
    const set = () => session.set("bob", setRequest("/b", { shard: 2 }));
    expect(await set()).toMatchObject({ failure: { kind: "session_unavailable" } });
    expect(await session.get("alice")).toEqual({ ok: true, value: null });
    expect(await set()).toMatchObject({ value: { created: true } });
    expect(await activeSessions()).toBe(1);
  });
});

describe("storage evolution", () => {
  it("opens a context written by the first version", async () => {
    const session = newSession();
    await inSession(session, async (_, { storage }) => {
      storage.kv.put("session", {
        version: 1,
        state: "live",
        owner: "anonymous",
        workingDirectory: "/written/by/0.1.0",
        configPath: null,
        projectId: null,
        client: "claude-code/2.1.0",
        openedAt: Date.now(),
        setAt: Date.now(),
        idleTimeoutMs: DAY,
        shard: 5,
      });
      await storage.setAlarm(Date.now() + DAY);
    });
    expect(await contextOf(session)).toMatchObject({
      workingDirectory: "/written/by/0.1.0",
      client: "claude-code/2.1.0",
    });
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("refuses a record written by a newer version", async () => {
    const session = newSession();
    await inSession(session, (_, { storage }) => storage.kv.put("session", { version: 99 }));
    await expect(inSession(session, (instance) => instance.get(ANONYMOUS))).rejects.toThrow("version 99");
    expect(await inSession(session, (_, { storage }) => storage.kv.get("session"))).toEqual({ version: 99 });
  });
});
