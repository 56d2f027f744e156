/** Calls that overlap at an await, and objects that die there: each answer stays true, and each context is counted once. */
import { abortAllDurableObjects, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { ok } from "../../src/model/failure.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { REGISTRY_CALL_TIMEOUT_MS } from "../../src/registry/limits.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { MAX_STATE_BYTES } from "../../src/session/limits.ts";
import type { LiveSession } from "../../src/session/session-context.ts";
import {
  activeSessions,
  alarmOf,
  beginRequest,
  contextOf,
  DAY,
  EMPTY,
  evict,
  fireDueAlarm,
  idOf,
  inSession,
  inShard,
  moveClock,
  newSession,
  ownClock,
  type SessionStub,
  setRequest,
  settle,
  storageOf,
  stubAgain,
  stubOf,
} from "../support/objects.ts";
import { projectOf, registration } from "../support/projects.ts";

ownClock();

type Method = "register" | "unregister";

/**
 * Holds the next call of the registry at its beginning or end until released. Uses flags, because a promise of one object must
 * not be awaited in another.
 */
function holdNext(method: Method, at: "before" | "after" = "before") {
  let isReached = false;
  let isHeld = true;
  let isDone = false;
  const original = SessionRegistry.prototype[method] as (...args: unknown[]) => unknown;
  vi.spyOn(SessionRegistry.prototype, method).mockImplementationOnce(async function (
    this: SessionRegistry,
    ...args: unknown[]
  ) {
    const answer = at === "after" ? original.apply(this, args) : undefined;
    isReached = true;
    while (isHeld) await scheduler.wait(1);
    const late = at === "after" ? answer : original.apply(this, args);
    isDone = true;
    return late as never;
  } as never);
  const reached = async () => {
    while (!isReached) await scheduler.wait(1);
  };
  const done = async () => {
    while (!isDone) await scheduler.wait(1);
  };
  return {
    reached,
    go: () => {
      isHeld = false;
    },
    done,
  };
}

const refuseNext = (method: Method) =>
  vi.spyOn(SessionRegistry.prototype, method).mockImplementationOnce(() => {
    throw new Error("shard refuses");
  });

/** Resolves once the earlier calls over this stub have begun: calls arrive in order. */
const arrived = (session: SessionStub, principal = ANONYMOUS) => session.peek(principal);

const recordOf = (session: SessionStub) =>
  inSession(session, (_, { storage }) => storage.kv.get("session") as LiveSession | undefined);

const begin = beginRequest();
const setState = (text: string, rest: object = {}) => ({ kind: "set", key: "n", text, ...rest }) as const;

describe("a registration that is retried", () => {
  it("continues although the context is read and set while the alarm's slow attempt runs and then fails", async () => {
    const session = newSession();
    refuseNext("register");
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(5000);
    const slow = holdNext("register");
    const alarm = fireDueAlarm(session);
    await slow.reached();
    moveClock(61_000);
    const again = stubAgain(session);
    expect((await contextOf(again))?.workingDirectory).toBe("/a");
    refuseNext("register");
    const set = again.set(ANONYMOUS, setRequest("/b"));
    slow.go();
    await Promise.all([alarm, set]);
    vi.restoreAllMocks();
    await settle(session, 30 * 60_000);
    expect(await activeSessions()).toBe(1);
    expect((await contextOf(session))?.workingDirectory).toBe("/b");
  });

  it("does not count as confirmed by a read while it is under way, even if all objects die then", async () => {
    const session = newSession();
    refuseNext("register");
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(5000);
    const slow = holdNext("register");
    const alarm = fireDueAlarm(session).catch(() => {});
    await slow.reached();
    moveClock(61_000);
    const { expiresAt = 0 } = (await contextOf(stubAgain(session))) ?? {};
    expect(expiresAt).toBeGreaterThanOrEqual(Date.now() + DAY);
    await abortAllDurableObjects();
    slow.go();
    await alarm;
    vi.restoreAllMocks();
    moveClock(60 * 60_000);
    expect((await contextOf(stubAgain(session)))?.workingDirectory).toBe("/a");
    await settle(stubAgain(session), 30 * 60_000);
    expect(await activeSessions()).toBe(1);
  });

  it("has its next alarm before the registry is called", async () => {
    const session = newSession();
    const slow = holdNext("register");
    const set = session.set(ANONYMOUS, setRequest("/a"));
    await slow.reached();
    expect(await alarmOf(stubAgain(session))).toBeLessThanOrEqual(Date.now() + 5000);
    slow.go();
    await set;
    refuseNext("register");
    const second = newSession();
    await second.set(ANONYMOUS, setRequest("/b"));
    moveClock(5000);
    const retry = holdNext("register");
    const alarm = fireDueAlarm(second);
    await retry.reached();
    expect(await alarmOf(stubAgain(second))).toBeGreaterThan(Date.now());
    retry.go();
    await alarm;
  });

  it("adds no row if it arrives late, after the context has ended", async () => {
    const session = newSession();
    const slow = holdNext("register");
    const set = await session.set(ANONYMOUS, setRequest("/a"));
    expect(set).toMatchObject({ ok: true, value: { created: true } });
    expect(await session.end(ANONYMOUS)).toMatchObject({ value: { ended: true } });
    slow.go();
    await slow.done();
    expect(await activeSessions()).toBe(0);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("counts a context that begins in the same millisecond as the previous one", async () => {
    const session = newSession();
    for (let times = 0; times < 3; times++) {
      await session.set(ANONYMOUS, setRequest("/a"));
      expect(await activeSessions()).toBe(1);
      await session.end(ANONYMOUS);
      // A new instance does not know when the previous one began a context.
      await evict(session);
      expect(await activeSessions()).toBe(0);
    }
  });
});

describe("a shard that hangs", () => {
  it("delays a set by a few seconds at most", { timeout: 20_000 }, async () => {
    expect(REGISTRY_CALL_TIMEOUT_MS).toBeLessThanOrEqual(5000);
    const session = newSession();
    const hung = holdNext("register");
    expect(await session.set(ANONYMOUS, setRequest("/a"))).toMatchObject({ ok: true });
    hung.go();
  });
});

describe("the quota", () => {
  const limited = (directory: string, shard = 3) => setRequest(directory, { maxSessions: 1, shard });

  /** A session whose object is killed after the quota has refused its context, and before it is told so. */
  async function killedWhenRefused() {
    await newSession().set("alice", limited("/x"));
    const session = newSession();
    const slow = holdNext("register", "after");
    const set = session.set("alice", limited("/a")).catch(() => "killed");
    await slow.reached();
    await abortAllDurableObjects();
    slow.go();
    expect(await set).toBe("killed");
    vi.restoreAllMocks();
    return stubAgain(session);
  }

  it("refuses two concurrent sets at the limit with the same answer", async () => {
    await newSession().set("alice", limited("/x"));
    const session = newSession();
    const slow = holdNext("register");
    const first = session.set("alice", limited("/a"));
    await slow.reached();
    const second = stubAgain(session).set("alice", limited("/b"));
    await scheduler.wait(20);
    slow.go();
    for (const set of await Promise.all([first, second])) {
      expect(set).toMatchObject({ ok: false, failure: { kind: "quota_exceeded", limit: 1 } });
    }
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("refuses all concurrent sets with the same answer, even if room was made meanwhile", async () => {
    const other = newSession();
    await other.set("alice", limited("/x"));
    const session = newSession();
    const refused = holdNext("register", "after");
    const first = session.set("alice", limited("/a"));
    await refused.reached();
    await other.end("alice");
    const registered = holdNext("register", "after");
    const again = stubAgain(session);
    const second = again.state("alice", setState("1"), { ...begin, maxSessions: 1 });
    await arrived(again, "alice");
    refused.go();
    expect(await first).toMatchObject({ failure: { kind: "quota_exceeded" } });
    registered.go();
    expect(await second).toMatchObject({ failure: { kind: "quota_exceeded" } });
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });

  it("refuses a state value that arrives while the quota is checked, so nothing acknowledged is lost", async () => {
    await newSession().set("alice", limited("/x"));
    const session = newSession();
    const slow = holdNext("register");
    const first = session.set("alice", limited("/a"));
    await slow.reached();
    const again = stubAgain(session);
    const state = again.state("alice", setState("1"), { ...begin, maxSessions: 1 });
    await arrived(again, "alice");
    slow.go();
    expect(await first).toMatchObject({ failure: { kind: "quota_exceeded" } });
    expect(await state).toMatchObject({ failure: { kind: "quota_exceeded" } });
  });

  it("is checked again by the alarm of an unacknowledged context, and refuses it", async () => {
    const session = await killedWhenRefused();
    await settle(session, 60_000);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(1);
  });

  it("is checked by that alarm however often the registry fails in between", async () => {
    const session = await killedWhenRefused();
    for (let times = 0; times < 3; times++) {
      refuseNext("register");
      vi.setSystemTime((await alarmOf(session)) ?? 0);
      await runDurableObjectAlarm(session);
    }
    vi.restoreAllMocks();
    await settle(session, 30 * 60_000);
    expect(await activeSessions()).toBe(1);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("removes nothing of the context after the refused one, begun in the same millisecond", async () => {
    await newSession().set("alice", limited("/x"));
    const session = newSession();
    const slow = holdNext("register", "after");
    const first = session.set("alice", limited("/a"));
    await slow.reached();
    await stubAgain(session).end("alice");
    refuseNext("register");
    const again = stubAgain(session);
    expect(await again.state("alice", setState("1"), { ...begin, maxSessions: 1 })).toMatchObject({ ok: true });
    slow.go();
    await first;
    vi.restoreAllMocks();
    expect(await again.state("alice", { kind: "get", key: "n" }, null)).toMatchObject({ value: { before: "1" } });
    await settle(again, 60_000);
    expect(await activeSessions()).toBe(2);
  });

  it("removes nothing that was acknowledged while the registry was unreachable", async () => {
    const session = newSession();
    refuseNext("register");
    expect(await session.set("alice", limited("/a"))).toMatchObject({ ok: true });
    await newSession().set("alice", limited("/x"));
    await settle(session, 60_000);
    expect(await activeSessions()).toBe(2);
    expect((await contextOf(session, "alice"))?.workingDirectory).toBe("/a");
  });
});

describe("a set with a config", () => {
  it("is on no other project while the catalog is called, nor after a crash then", async () => {
    const first = newSession();
    await first.set("alice", setRequest("/else"));
    await first.project("alice", null, { kind: "register", registration: registration("/other") });
    await first.project("alice", null, { kind: "set_active", project: "other" });
    const session = newSession();
    let reached = false;
    vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementationOnce(() => {
      reached = true;
      return scheduler.wait(60_000) as never;
    });
    const set = session.set("alice", setRequest("/a", { config: ok(registration("/a")) })).catch(() => "killed");
    while (!reached) await scheduler.wait(1);
    expect(await projectOf(stubAgain(session))).toBe("config_unregistered");
    await abortAllDurableObjects();
    await set;
    expect(await projectOf(stubAgain(session))).toBe("config_unregistered");
    expect(await stubAgain(session).set("alice", setRequest("/a", { config: ok(registration("/a")) }))).toMatchObject({
      ok: true,
    });
    expect(await projectOf(stubAgain(session))).toBe("a");
  });

  it("completes although registering takes longer than the idle timeout", { timeout: 30_000 }, async () => {
    const before = await activeSessions();
    const session = newSession();
    const original = SessionRegistry.prototype.register;
    const asked = vi.spyOn(SessionRegistry.prototype, "register").mockImplementation(function (
      this: SessionRegistry,
      ...args
    ) {
      moveClock(2000);
      return original.apply(this, args);
    });
    const request = setRequest("/a", { idleTimeoutMs: 1000, config: ok(registration("/a")) });
    await session.set("alice", request);
    expect(asked.mock.calls.length).toBeLessThanOrEqual(4);
    vi.restoreAllMocks();
    await settle(session);
    expect(await activeSessions()).toBe(before);
    expect(await storageOf(session)).toEqual(EMPTY);
  });
});

describe("a state value", () => {
  it("that is rejected begins no context", async () => {
    const session = newSession();
    const text = JSON.stringify("x".repeat(MAX_STATE_BYTES));
    expect(await session.state(ANONYMOUS, setState(text), begin)).toMatchObject({
      failure: { kind: "state_too_large" },
    });
    expect(await session.state(ANONYMOUS, setState("1", { expected: "2" }), begin)).toMatchObject({
      failure: { kind: "state_conflict" },
    });
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });

  it("is stored although another caller ends the session while it is being registered", async () => {
    const session = newSession();
    const slow = holdNext("register", "after");
    const set = session.state(ANONYMOUS, setState("1"), begin);
    await slow.reached();
    const again = stubAgain(session);
    const end = again.end(ANONYMOUS);
    await arrived(again);
    slow.go();
    expect(await end).toMatchObject({ value: { ended: true } });
    expect(await set).toMatchObject({ ok: true, value: { created: true } });
    expect(await session.state(ANONYMOUS, { kind: "get", key: "n" }, null)).toMatchObject({ value: { before: "1" } });
    expect(await activeSessions()).toBe(1);
  });
});

describe("a change that is resent because its reply was lost", () => {
  const change = (id: string, repeated: boolean) => ({ id, repeated });

  it("is applied once, and answered as the first time", async () => {
    const session = newSession();
    await session.state(ANONYMOUS, setState("1"), begin);
    const conditional = setState("2", { expected: "1" });
    const first = await session.state(ANONYMOUS, conditional, begin, change("a", false));
    expect(await session.state(ANONYMOUS, conditional, begin, change("a", true))).toEqual(first);
    expect(await session.state(ANONYMOUS, conditional, begin, change("b", false))).toMatchObject({
      failure: { kind: "state_conflict" },
    });
    for (const repeated of [false, true]) {
      expect(await session.end(ANONYMOUS, change("c", repeated))).toEqual({ ok: true, value: { ended: true } });
    }
    expect(await session.end(ANONYMOUS, change("d", false))).toEqual({ ok: true, value: { ended: false } });
    for (const repeated of [false, true]) {
      expect(await session.delete(ANONYMOUS, change("e", repeated))).toMatchObject({ ok: true });
    }
  });

  it("joins the first one if that is still under way", async () => {
    const session = newSession();
    const slow = holdNext("register");
    const first = session.set(ANONYMOUS, setRequest("/a"), change("a", false));
    await slow.reached();
    const second = stubAgain(session).set(ANONYMOUS, setRequest("/a"), change("a", true));
    await scheduler.wait(10);
    slow.go();
    expect(await second).toEqual(await first);
    expect(await second).toMatchObject({ value: { created: true } });
  });

  it("has an unknown outcome if the object was restarted in between", async () => {
    const session = newSession();
    await session.state(ANONYMOUS, setState("1"), begin);
    const conditional = setState("2", { expected: "1" });
    await session.state(ANONYMOUS, conditional, begin, change("a", false));
    await evict(session);
    const unknown = { ok: false, failure: { kind: "outcome_unknown", sessionId: idOf(session) } };
    expect(await session.state(ANONYMOUS, conditional, begin, change("a", true))).toEqual(unknown);
    expect(await session.state(ANONYMOUS, { kind: "get", key: "n" }, null)).toMatchObject({ value: { before: "2" } });
    await session.end(ANONYMOUS, change("b", false));
    await evict(session);
    expect(await session.end(ANONYMOUS, change("b", true))).toEqual(unknown);
    expect(await session.state(ANONYMOUS, { kind: "delete", key: "n" }, null, change("c", true))).toEqual(unknown);
    await session.delete(ANONYMOUS, change("d", false));
    await evict(session);
    expect(await session.delete(ANONYMOUS, change("d", true))).toMatchObject({ ok: true });
  });

  it("is applied if the first one certainly was not", async () => {
    const session = newSession();
    await session.state(ANONYMOUS, setState("1"), begin);
    expect(await session.state(ANONYMOUS, setState("2", { expected: "1" }), begin, change("a", true))).toMatchObject({
      ok: true,
    });
    expect(await session.end(ANONYMOUS, change("b", true))).toMatchObject({ value: { ended: true } });
  });
});

describe("an alarm handler", () => {
  it("of a session does not throw if it cannot read the record, and sets an alarm", async () => {
    const session = newSession();
    await inSession(session, async (instance, { storage }) => {
      storage.kv.put("session", { version: 99 });
      for (let times = 0; times < 8; times++) {
        await storage.deleteAlarm();
        await instance.alarm();
        expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
      }
    });
    expect(await inSession(session, (_, { storage }) => storage.kv.get("session"))).toEqual({ version: 99 });
  });

  it("of a session that fails midway sets an alarm that does not revive an expired context", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    moveClock(DAY + 60_000);
    await inSession(session, async (instance, { storage }) => {
      vi.spyOn(storage, "getAlarm").mockRejectedValueOnce(new Error("storage fails"));
      await storage.deleteAlarm();
      await instance.alarm();
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
    expect(await contextOf(session)).toBeNull();
  });

  it("of a session that is called too early leaves the context alone", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const alarm = await alarmOf(session);
    await inSession(session, (instance) => instance.alarm());
    expect(await alarmOf(session)).toBe(alarm);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
    expect(await activeSessions()).toBe(1);
  });

  it("of a shard does not throw, and sets an alarm", async () => {
    await newSession().set(ANONYMOUS, setRequest("/a"));
    await inShard(async (shard, { storage }) => {
      vi.spyOn(storage.kv, "get").mockImplementation(() => {
        throw new Error("storage fails");
      });
      vi.spyOn(storage.sql, "exec").mockImplementation(() => {
        throw new Error("storage fails");
      });
      await storage.deleteAlarm();
      await shard.alarm();
      expect(await storage.getAlarm()).toBeGreaterThan(Date.now());
    });
  });

  it("of a shard whose alarm was lost is restored by the next call of any kind", async () => {
    await newSession().set(ANONYMOUS, setRequest("/a"));
    const calls = [
      (shard: SessionRegistry) => shard.count(ANONYMOUS),
      (shard: SessionRegistry) => shard.report([], Date.now(), false),
      (shard: SessionRegistry) => shard.list("alice", null, 1),
      (shard: SessionRegistry) => shard.list(null, null, 1),
      (shard: SessionRegistry) => shard.unregister({ sessionId: "nobody", openedAt: 1 }, "ended"),
    ];
    for (const call of calls) {
      await inShard((_, { storage }) => storage.deleteAlarm());
      await inShard((shard) => void call(shard));
      await vi.waitFor(async () => expect(await inShard((_, { storage }) => storage.getAlarm())).not.toBeNull());
    }
  });
});

describe("a session ended by DELETE", () => {
  it("stays deleted for its header although unregistering failed once", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    refuseNext("unregister");
    await session.delete(ANONYMOUS);
    const deleted = { ok: false, failure: { kind: "session_deleted", sessionId: idOf(session) } };
    expect(await session.get(ANONYMOUS, true)).toEqual(deleted);
    moveClock(6000);
    expect(await fireDueAlarm(session)).toBe(true);
    await evict(session);
    expect(await session.get(ANONYMOUS, true)).toEqual(deleted);
    expect(await activeSessions()).toBe(0);
    moveClock(DAY);
    expect(await contextOf(session)).toBeNull();
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });
});

describe("a DELETE in the middle of registering", () => {
  it("has its row removed within minutes although unregistering fails and the registration then succeeds", async () => {
    const session = newSession();
    const slow = holdNext("register");
    const set = session.set(ANONYMOUS, setRequest("/a"), undefined, true);
    await slow.reached();
    refuseNext("unregister");
    await stubAgain(session).delete(ANONYMOUS);
    slow.go();
    expect(await set).toMatchObject({ failure: { kind: "session_deleted" } });
    expect(await activeSessions()).toBe(1);
    await settle(session, 60_000);
    expect(await activeSessions()).toBe(0);
    expect(await session.get(ANONYMOUS, true)).toMatchObject({ failure: { kind: "session_deleted" } });
  });
});

describe("a context that begins over leftovers of the previous one", () => {
  it("stays in its shard, so that one row is updated instead of a second one added", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a", { shard: 1 }));
    refuseNext("unregister");
    await session.end(ANONYMOUS);
    await session.set(ANONYMOUS, setRequest("/b", { shard: 2 }));
    expect((await recordOf(session))?.shard).toBe(1);
    expect(await activeSessions()).toBe(1);
    await stubOf(session.id.toString()).end(ANONYMOUS);
    expect(await activeSessions()).toBe(0);
  });
});
