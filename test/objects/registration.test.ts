import { describe, expect, it, vi } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import type { LiveSession } from "../../src/session/session-context.ts";
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
  inShard,
  moveClock,
  newSession,
  ownClock,
  type SessionStub,
  setRequest,
  settle,
  storageOf,
} from "../support/objects.ts";

ownClock();

const recordOf = (session: SessionStub) =>
  inSession(session, (_, { storage }) => storage.kv.get("session") as LiveSession);

/** A context after a crash that came before the registry's answer: it has no row. */
async function unregistered(session: SessionStub): Promise<{ retryAt: number; deadline: number }> {
  await session.set(ANONYMOUS, setRequest("/a"));
  const { openedAt, registration } = await recordOf(session);
  const { deadline = 0 } = registration ?? {};
  const retryAt = Date.now() + 5000;
  await inShard((shard) => shard.unregister({ sessionId: idOf(session), openedAt }, "dropped"));
  await inSession(session, (_, { storage }) => storage.setAlarm(retryAt));
  await evict(session);
  expect(await activeSessions()).toBe(0);
  return { retryAt, deadline };
}

describe("registration", () => {
  it("is confirmed by the alarm alone: the record is not rewritten, and the alarm is the deadline", async () => {
    const session = newSession();
    const set = await session.set(ANONYMOUS, setRequest("/a"));
    const { registration } = await recordOf(session);
    expect(registration).toMatchObject({ tries: 0 });
    expect(await alarmOf(session)).toBe(registration?.deadline);
    expect(set).toMatchObject({ value: { context: { expiresAt: registration?.deadline } } });
  });

  it("makes a first set write five rows: the record, its alarm twice, the row in the registry and the count there", async () => {
    const request = setRequest("/a", { region: "weur" });
    await newSession().set(ANONYMOUS, request);
    const shardSql = await inShard((_, { storage }) => vi.spyOn(storage.sql, "exec"));
    const session = newSession();
    const calls = await inSession(session, async (instance, { storage }) => {
      const put = vi.spyOn(Object.getPrototypeOf(storage.kv), "put");
      const setAlarm = vi.spyOn(storage, "setAlarm");
      await instance.set(ANONYMOUS, request);
      return { put: put.mock.calls.length, setAlarm: setAlarm.mock.calls.length };
    });
    expect(calls).toEqual({ put: 1, setAlarm: 2 });
    const written = await inShard(() => shardSql.mock.results.reduce((sum, { value }) => sum + value.rowsWritten, 0));
    expect(written).toBe(2);
  });

  it("is left out of the record by the next set, which writes it anyway", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    await session.set(ANONYMOUS, setRequest("/b"));
    expect(await recordOf(session)).not.toHaveProperty("registration");
    expect(await activeSessions()).toBe(1);
  });

  it("is completed by the alarm after a crash before the registry's answer", async () => {
    const session = newSession();
    const { retryAt, deadline } = await unregistered(session);
    moveClock(retryAt - Date.now());
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(session)).toBe(deadline);
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });

  it("is completed by the same alarm although the context is used meanwhile and its deadline moves", async () => {
    const session = newSession();
    const { retryAt } = await unregistered(session);
    moveClock(120_000);
    const { expiresAt = 0 } = (await contextOf(session)) ?? {};
    expect(expiresAt).toBeGreaterThanOrEqual(Date.now() + DAY);
    expect(await alarmOf(session)).toBe(retryAt);
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(session)).toBe(expiresAt);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
  });

  it("is completed by the next set, if that is sooner", async () => {
    const session = newSession();
    const { deadline } = await unregistered(session);
    await session.set(ANONYMOUS, setRequest("/b"));
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(session)).toBe(deadline);
  });

  it("is retried with growing delays while the registry refuses, and the context works meanwhile", async () => {
    const session = newSession();
    const refusing = vi.spyOn(SessionRegistry.prototype, "register").mockImplementation(() => {
      throw new Error("shard refuses");
    });
    await session.set(ANONYMOUS, setRequest("/a"));
    const waits: number[] = [];
    for (let tries = 0; tries < 4; tries++) {
      expect((await recordOf(session)).registration).toMatchObject({ tries });
      waits.push(((await alarmOf(session)) ?? 0) - Date.now());
      expect((await contextOf(session))?.workingDirectory).toBe("/a");
      moveClock(waits.at(-1) ?? 0);
      expect(await fireDueAlarm(session)).toBe(true);
    }
    for (const [n, wait] of waits.entries()) {
      expect(wait).toBeGreaterThanOrEqual(3750 * 2 ** n);
      expect(wait).toBeLessThanOrEqual(5000 * 2 ** n);
    }
    expect(await activeSessions()).toBe(0);
    refusing.mockRestore();
    moveClock(((await alarmOf(session)) ?? 0) - Date.now());
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(session)).toBe((await recordOf(session)).registration?.deadline);
  });

  it("continues although the platform has given up on the alarm: the context does not count as expired", async () => {
    const session = newSession();
    await unregistered(session);
    await inSession(session, (_, { storage }) => storage.deleteAlarm());
    await evict(session);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
    moveClock(((await alarmOf(session)) ?? 0) - Date.now());
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
  });

  it("continues although the platform gives up on the alarm while the object stays in memory", async () => {
    const session = newSession();
    vi.spyOn(SessionRegistry.prototype, "register").mockImplementationOnce(() => {
      throw new Error("shard refuses");
    });
    await session.set(ANONYMOUS, setRequest("/a"));
    await inSession(session, (_, { storage }) => storage.deleteAlarm());
    moveClock(60_000);
    expect((await contextOf(session))?.workingDirectory).toBe("/a");
    await settle(session, 30 * 60_000);
    expect(await activeSessions()).toBe(1);
  });

  it("has no effect if it is already there, as after a crash that lost the alarm's move", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    const { registration } = await recordOf(session);
    await inSession(session, (_, { storage }) => storage.setAlarm(Date.now() + 5000));
    await evict(session);
    moveClock(5000);
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
    expect(await alarmOf(session)).toBe(registration?.deadline);
  });

  it("of a record by an earlier build, which has the time of the next attempt, is completed by its alarm", async () => {
    const session = newSession();
    const { retryAt, deadline } = await unregistered(session);
    const { registration: _, ...rest } = await recordOf(session);
    const written = { ...rest, registration: { deadline, tries: 0, retryAt } };
    await inSession(session, (_, { storage }) => storage.kv.put("session", written));
    await evict(session);
    expect((await contextOf(session))?.expiresAt).toBe(deadline);
    moveClock(retryAt - Date.now());
    expect(await fireDueAlarm(session)).toBe(true);
    expect(await activeSessions()).toBe(1);
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
    expect(await activeSessions()).toBe(0);
  });
});
