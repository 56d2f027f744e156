/** What the object tests share: sessions, a clock that can be moved, alarms fired when their time has come. */

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { parseConfig } from "../../src/config.ts";
import { Registry } from "../../src/registry/registry.ts";
import type { SessionRegistry } from "../../src/registry/session-registry.ts";
import { ANONYMOUS } from "../../src/session/session-context.ts";
import { encodeSessionId } from "../../src/session/session-id.ts";
import type { SessionObject } from "../../src/session/session-object.ts";
import type { SetRequest } from "../../src/session/session-requests.ts";

export const DAY = 86_400_000;
export const SHARD = 3;

/**
 * For all tests of a file: the clock is the test's own, from `start` or from now on, and when the test ends its spies, its clock
 * and everything stored are gone.
 */
export function ownClock(start?: number): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"], now: start ?? Date.now() });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    vi.useRealTimers();
    await reset();
  });
}

export type SessionStub = DurableObjectStub<SessionObject>;

/** A session object that nothing has been asked of. */
export const newSession = (): SessionStub => env.SESSIONS.get(env.SESSIONS.newUniqueId());

/** Another stub for the same session: after a kill the old one stays broken, and inside an object only its own work. */
export const stubAgain = (session: SessionStub): SessionStub => stubOf(session.id.toString());

export const stubOf = (objectId: string): SessionStub => env.SESSIONS.get(env.SESSIONS.idFromString(objectId));

export const idOf = (session: SessionStub): string => encodeSessionId(session.id.toString());

export const setRequest = (workingDirectory: string, rest: Partial<SetRequest> = {}): SetRequest => ({
  workingDirectory,
  config: null,
  client: "test/1",
  idleTimeoutMs: DAY,
  maxAgeMs: 0,
  shard: SHARD,
  registrySize: 16,
  region: null,
  maxSessions: 0,
  ...rest,
});

/** The context, unwrapped; throws on a refusal. */
export async function contextOf(session: SessionStub, principal = ANONYMOUS) {
  const got = await session.get(principal);
  if (!got.ok) throw new Error(got.failure.kind);
  return got.value;
}

export const registry = () => new Registry(env.REGISTRY, parseConfig(env));

/** The exact count; throws if a shard does not answer. */
export async function activeSessions(): Promise<number> {
  const count = await registry().count(ANONYMOUS);
  if (!count.ok) throw new Error(`no answer from shards ${count.failure.shards}`);
  return count.value.total;
}

export const registryShard = (shard = SHARD) => env.REGISTRY.get(env.REGISTRY.idFromName(`shard-${shard}`));

/** Runs `work` beside the object, in its own turn, with what it keeps. */
export const inSession = <R>(
  session: SessionStub,
  work: (instance: SessionObject, state: DurableObjectState) => R | Promise<R>,
) => runInDurableObject<SessionObject, R>(session, work);

/** Everything that an object keeps: kv entries, tables, the alarm. */
export const storageOf = (object: DurableObjectStub<SessionObject>) =>
  runInDurableObject(object, async (_instance, { storage }) => ({
    kv: [...storage.kv.list()].length,
    tables: storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray()
      .length,
    alarm: await storage.getAlarm(),
  }));

export const EMPTY = { kv: 0, tables: 0, alarm: null };

export const alarmOf = (object: SessionStub) => runInDurableObject(object, (_, { storage }) => storage.getAlarm());

/** Moves the clock. Only forward: a platform clock does not go back. */
export const moveClock = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** Fires the alarm if its time has come. */
export async function fireDueAlarm(object: SessionStub): Promise<boolean> {
  const alarm = await alarmOf(object);
  return alarm !== null && alarm <= Date.now() && runDurableObjectAlarm(object);
}

/** Lets time pass from alarm to alarm, up to `limitMs` from now, until the object has none left. */
export async function settle(object: SessionStub, limitMs = 3 * DAY): Promise<void> {
  const end = Date.now() + limitMs;
  for (let round = 0; round < 200; round++) {
    const alarm = await alarmOf(object);
    if (alarm === null || alarm > end) return;
    if (alarm > Date.now()) vi.setSystemTime(alarm);
    await runDurableObjectAlarm(object);
  }
  throw new Error("the object's alarms come to no end");
}

/** Throws the object out of memory, as the platform does with idle ones. Not running is as good. */
export async function evict(object: DurableObjectStub<SessionObject>): Promise<void> {
  await evictDurableObject(object).catch(() => {});
}

/** Works inside a registry shard. */
export const inShard = <R>(work: (instance: SessionRegistry, state: DurableObjectState) => R | Promise<R>) =>
  runInDurableObject<SessionRegistry, R>(registryShard(), work);

/** A row of the registry. */
export const entry = (sessionId: string, openedAt = 1000, principal = ANONYMOUS) => ({
  sessionId,
  openedAt,
  principal,
  client: null,
});
