import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { migrate } from "../../src/base/migrations.ts";
import { ANONYMOUS, servicePrincipal } from "../../src/model/principal.ts";
import { AUDIT_BATCH } from "../../src/registry/limits.ts";
import { REGISTRY_MIGRATIONS } from "../../src/registry/registry-migrations.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { SessionObject } from "../../src/session/session-object.ts";
import {
  activeSessions,
  alarmOf,
  contextOf,
  DAY,
  entry,
  evict,
  idOf,
  inSession,
  inShard,
  moveClock,
  newSession,
  ownClock,
  registry,
  registryShard,
  SHARD,
  setRequest,
  settle,
} from "../support/objects.ts";

ownClock();

const count = async (principal = ANONYMOUS) => {
  const counted = await registry().count(principal);
  return counted.ok ? counted.value : counted.failure;
};

/** Rows that SQLite reads and writes for `work`, indexes included. */
const rowsOf = (work: (shard: SessionRegistry) => void) =>
  inShard((shard, { storage }) => {
    const exec = vi.spyOn(storage.sql, "exec");
    work(shard);
    const cursors: { rowsRead: number; rowsWritten: number }[] = exec.mock.results.map(({ value }) => value);
    exec.mockRestore();
    const sum = (numbers: number[]) => numbers.reduce((total, n) => total + n, 0);
    return {
      read: sum(cursors.map(({ rowsRead }) => rowsRead)),
      written: sum(cursors.map(({ rowsWritten }) => rowsWritten)),
    };
  });

describe("membership", () => {
  it("is a set: repeated registrations or unregistrations count once", async () => {
    for (let twice = 0; twice < 2; twice++) await registry().register(SHARD, entry("a"), 0);
    await registry().register(SHARD, entry("b"), 0);
    expect(await count()).toMatchObject({ total: 2 });
    for (let twice = 0; twice < 2; twice++) await registry().unregister(SHARD, entry("a"), "ended");
    expect(await count()).toMatchObject({ total: 1 });
  });

  it("depends on when the context began: a late unregistration spares the newer context", async () => {
    await registry().register(SHARD, entry("a", 1000), 0);
    await registry().register(SHARD, entry("a", 2000), 0);
    await registry().unregister(SHARD, entry("a", 1000), "ended");
    expect(await count()).toMatchObject({ total: 1 });
    await registry().register(SHARD, entry("a", 1000), 0);
    await registry().unregister(SHARD, entry("a", 2000), "ended");
    expect(await count()).toMatchObject({ total: 0 });
  });

  it("survives eviction", async () => {
    await registry().register(SHARD, entry("a"), 0);
    await evictDurableObject(registryShard());
    expect(await count()).toMatchObject({ total: 1 });
  });
});

describe("a registration", () => {
  it("writes the row and the count, and one more only for a known principal, for the index", async () => {
    await registry().register(SHARD, entry("first"), 0);
    const written = async (id: string, principal: string) =>
      (await rowsOf((shard) => shard.register({ ...entry(id, 1000, principal), region: "weur" }, 0))).written;
    expect(await written("a", ANONYMOUS)).toBe(2);
    expect(await written("s", servicePrincipal("notes"))).toBe(2);
    expect(await written("k", "alice")).toBe(3);
    expect((await rowsOf((shard) => shard.unregister(entry("a"), "ended"))).written).toBe(2);
  });
});

describe("the count", () => {
  it("is 0 on an empty registry, and reading it stores nothing", async () => {
    expect(await count("alice")).toEqual({ total: 0, yours: 0, byRegion: {} });
    expect(await registry().list("alice", null, 10)).toEqual({ ok: true, value: [] });
    await registry().unregister(SHARD, entry("a"), "ended");
    expect(await inShard((_, { storage }) => storage.sql.exec("SELECT name FROM sqlite_master").toArray())).toEqual([]);
  });

  it("adds up regions and returns the caller's own count", async () => {
    await registry().register(0, { ...entry("a"), region: "wnam" }, 0);
    await registry().register(9, { ...entry("b"), region: "wnam" }, 0);
    // Shard 2 is in South America, where a known principal's hash may place a context that began in Europe.
    await registry().register(2, { ...entry("c", 1000, "alice"), region: "weur" }, 0);
    await registry().register(2, entry("d"), 0);
    expect(await count("alice")).toEqual({ total: 4, yours: 1, byRegion: { wnam: 2, weur: 1, unknown: 1 } });
    expect(await count(ANONYMOUS)).toMatchObject({ total: 4, yours: 0 });
    await registry().unregister(0, entry("a"), "ended");
    await registry().unregister(2, entry("c"), "expired");
    await registry().unregister(2, entry("d"), "expired");
    expect(await count()).toEqual({ total: 1, yours: 0, byRegion: { wnam: 1 } });
  });

  it("moves a row to the region of the newer context, however often that is reported", async () => {
    for (let twice = 0; twice < 2; twice++) {
      await registry().register(SHARD, { ...entry("a", 1000), region: "weur" }, 0);
      await registry().register(SHARD, { ...entry("a", 2000), region: "apac" }, 0);
    }
    expect(await count()).toMatchObject({ total: 1, byRegion: { apac: 1 } });
    await registry().register(SHARD, entry("a", 3000), 0);
    expect(await count()).toMatchObject({ total: 1, byRegion: { unknown: 1 } });
    await registry().unregister(SHARD, entry("a", 2000), "ended");
    expect(await count()).toMatchObject({ total: 1, byRegion: { unknown: 1 } });
  });

  it("uses the region in which a context began, in whatever shard, also if a retry registers it", async () => {
    vi.spyOn(SessionRegistry.prototype, "register").mockImplementationOnce(() => {
      throw new Error("shard is down");
    });
    const [late, early] = [newSession(), newSession()];
    await late.set("alice", setRequest("/a", { region: "oc" }));
    await early.state("alice", { kind: "set", key: "k", text: "1" }, setRequest("", { region: "me" }));
    expect(await count()).toMatchObject({ byRegion: { me: 1 } });
    await settle(late, 60_000);
    expect(await count()).toMatchObject({ total: 2, byRegion: { oc: 1, me: 1 } });
  });

  it("is an error if a shard does not answer, never a guess", async () => {
    await registry().register(SHARD, entry("a"), 0);
    vi.spyOn(SessionRegistry.prototype, "count").mockImplementationOnce(() => {
      throw new Error("shard is down");
    });
    expect(await count()).toMatchObject({ kind: "registry_unavailable" });
    expect(await count()).toMatchObject({ total: 1 });
  });

  it("reads one or two rows, however many sessions there are; a few more for a known principal", async () => {
    const notes = servicePrincipal("notes");
    for (let n = 0; n < 150; n++) {
      await registry().register(SHARD, entry(`a${n}`), 0);
      await registry().register(SHARD, entry(`s${n}`, 1000, notes), 0);
    }
    for (let n = 0; n < 3; n++) await registry().register(SHARD, entry(`k${n}`, 1000, "alice"), 0);
    const read = async (principal: string) => (await rowsOf((shard) => shard.count(principal))).read;
    expect(await read(ANONYMOUS)).toBeLessThanOrEqual(2);
    expect(await read(notes)).toBeLessThanOrEqual(2);
    expect(await read("alice")).toBeLessThanOrEqual(6);
    expect(await count("alice")).toMatchObject({ total: 303, yours: 3 });
    expect(await count(notes)).toMatchObject({ total: 303, yours: 0 });
  });
});

describe("the quota of a known principal", () => {
  it("refuses the next context, returns the oldest, and stores nothing of it; after an end there is room", async () => {
    const [first, second, third] = [newSession(), newSession(), newSession()];
    const request = setRequest("/a", { maxSessions: 2 });
    await first.set("alice", request);
    moveClock(10);
    await second.set("alice", request);
    expect(await third.set("alice", request)).toMatchObject({
      ok: false,
      failure: { kind: "quota_exceeded", limit: 2, oldest: [{ sessionId: idOf(first) }, { sessionId: idOf(second) }] },
    });
    expect(await third.get("alice")).toEqual({ ok: true, value: null });
    expect(await alarmOf(third)).toBeNull();
    expect(await inSession(third, (_, { storage }) => [...storage.kv.list()])).toEqual([]);
    expect(await count("alice")).toMatchObject({ total: 2, yours: 2 });
    // Only beginning a context is limited.
    expect(await first.set("alice", request)).toMatchObject({ ok: true, value: { created: false } });
    await first.end("alice");
    expect(await third.set("alice", request)).toMatchObject({ ok: true });
  });

  it("holds for concurrent sets: exactly as many begin as there is room for", async () => {
    const sets = await Promise.all(
      Array.from({ length: 12 }, () => newSession().set("alice", setRequest("/a", { maxSessions: 5 }))),
    );
    expect(sets.filter((set) => set.ok)).toHaveLength(5);
    expect(await count("alice")).toMatchObject({ total: 5 });
  });

  it("removes no context that was acknowledged while the registry was unreachable", async () => {
    const [first, second] = [newSession(), newSession()];
    const request = setRequest("/a", { maxSessions: 1 });
    await first.set("alice", request);
    vi.spyOn(SessionRegistry.prototype, "register").mockImplementationOnce(() => {
      throw new Error("shard is down");
    });
    expect(await second.set("alice", request)).toMatchObject({ ok: true });
    expect(await second.set("alice", setRequest("/b", { maxSessions: 1 }))).toMatchObject({ ok: true });
    expect((await contextOf(second, "alice"))?.workingDirectory).toBe("/b");
    expect(await count("alice")).toMatchObject({ total: 2, yours: 2 });
  });

  it("does not treat anonymous callers as one principal", async () => {
    for (let n = 0; n < 3; n++) {
      expect(await newSession().set(ANONYMOUS, setRequest("/a", { maxSessions: 2 }))).toMatchObject({ ok: true });
    }
  });
});

describe("the list of a principal", () => {
  it("is newest first, in pages, across shards, and without anybody else's", async () => {
    for (let n = 0; n < 25; n++) await registry().register(n % 4, entry(`s${n}`, 1000 + n, "alice"), 0);
    await registry().register(0, entry("other", 5000, "bob"), 0);
    await registry().register(0, entry("nobody", 5000), 0);
    const seen: string[] = [];
    let position = null;
    for (;;) {
      const page = await registry().list("alice", position, 10);
      if (!page.ok) throw new Error(page.failure.kind);
      seen.push(...page.value.map(({ sessionId }) => sessionId));
      position = page.value.at(-1) ?? null;
      if (page.value.length < 10) break;
    }
    expect(seen).toEqual(Array.from({ length: 25 }, (_, n) => `s${24 - n}`));
    expect(await registry().list(ANONYMOUS, null, 10)).toEqual({ ok: true, value: [] });
  });

  it("neither skips nor repeats contexts that began in the same millisecond", async () => {
    for (let n = 0; n < 9; n++) await registry().register(n % 3, entry(`s${n}`, 1000, "alice"), 0);
    const first = await registry().list("alice", null, 5);
    if (!first.ok) throw new Error(first.failure.kind);
    const second = await registry().list("alice", first.value.at(-1) ?? null, 5);
    expect(second.ok && [...first.value, ...second.value].map(({ sessionId }) => sessionId).sort()).toEqual(
      Array.from({ length: 9 }, (_, n) => `s${n}`),
    );
  });
});

describe("the daily audit", () => {
  const audit = () => runDurableObjectAlarm(registryShard());

  it("drops rows whose context is gone, in batches, and affects the others no more than a peek", async () => {
    const live = newSession();
    await live.set(ANONYMOUS, setRequest("/a"));
    const deadline = await alarmOf(live);
    for (let n = 0; n < 2 * AUDIT_BATCH; n++) await registry().register(SHARD, entry(idOf(newSession())), 0);
    expect(await activeSessions()).toBe(2 * AUDIT_BATCH + 1);
    moveClock(DAY / 2);
    await audit();
    expect(await activeSessions()).toBeGreaterThan(AUDIT_BATCH);
    await audit();
    await audit();
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(live)).toBe(deadline);
    expect((await contextOf(live))?.workingDirectory).toBe("/a");
    const next = await inShard((_, { storage }) => storage.getAlarm());
    expect(next).toBe(Date.now() + DAY);
  });

  it("keeps the row of a session that does not respond, and continues the next day", async () => {
    const live = newSession();
    await live.set(ANONYMOUS, setRequest("/a"));
    await inSession(live, (_, { storage }) => storage.kv.put("session", { version: 99 }));
    await evict(live);
    await audit();
    expect(await activeSessions()).toBe(1);
    expect(await inShard((_, { storage }) => storage.getAlarm())).toBe(Date.now() + DAY);
  });

  it("waits at most a few seconds for a session that hangs, and keeps its row", { timeout: 20_000 }, async () => {
    const live = newSession();
    await live.set(ANONYMOUS, setRequest("/a"));
    vi.spyOn(SessionObject.prototype, "holds").mockImplementation(() => scheduler.wait(60_000) as never);
    await audit();
    expect(await activeSessions()).toBe(1);
    expect(await inShard((_, { storage }) => storage.getAlarm())).toBe(Date.now() + DAY);
  });

  it("drops the row of an older context although a newer one under the same id lives in another shard", async () => {
    const live = newSession();
    await live.set(ANONYMOUS, setRequest("/a", { shard: 1 }));
    await registry().register(SHARD, entry(idOf(live), Date.now() - 1), 0);
    expect(await activeSessions()).toBe(2);
    await audit();
    expect(await activeSessions()).toBe(1);
  });

  it("stops when the shard is empty, and begins again with the next row", async () => {
    await registry().register(SHARD, entry(idOf(newSession())), 0);
    await audit();
    expect(await inShard((_, { storage }) => storage.getAlarm())).toBeNull();
    await registry().register(SHARD, entry(idOf(newSession())), 0);
    expect(await inShard((_, { storage }) => storage.getAlarm())).toBe(Date.now() + DAY);
  });
});

describe("storage evolution", () => {
  it("opens a shard written by the first version", async () => {
    await inShard((_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS.slice(0, 1), { create: true });
      storage.sql.exec("INSERT INTO session VALUES ('sess_old', 1000, 'alice', 'claude-code/2.1.0')");
      storage.sql.exec("UPDATE total SET sessions = 1");
    });
    await evictDurableObject(registryShard());
    expect(await count("alice")).toMatchObject({ total: 1, yours: 1, byRegion: { unknown: 1 } });
    await registry().unregister(SHARD, entry("sess_old", 1000), "ended");
    expect(await count()).toMatchObject({ total: 0 });
  });

  it("refuses storage changed by a newer version", async () => {
    await inShard((_, { storage }) => {
      expect(() =>
        migrate(storage, [...REGISTRY_MIGRATIONS, "CREATE TABLE later (x)"], { create: true }),
      ).not.toThrow();
      expect(() => migrate(storage, REGISTRY_MIGRATIONS, { create: true })).toThrow("a newer version has written it");
    });
  });
});
