/** Shared by the object tests: sessions, a clock that can be moved, and alarms that fire when due. */

import { evictDurableObject, reset, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, vi } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { encodeSessionId } from "../../src/model/session-id.ts";
import { RegistryClient } from "../../src/registry/registry-client.ts";
import type { SessionRegistry } from "../../src/registry/session-registry.ts";
import type { SessionObject } from "../../src/session/session-object.ts";
import type { BeginRequest, SetRequest } from "../../src/session/session-requests.ts";
import { parseConfig } from "../../src/settings/config.ts";

export const DAY = 86_400_000;
export const SHARD = 3;

/**
 * For all tests of a file: a controlled clock, from `start` or from now on. When a test ends, its spies, its clock and all
 * stored data are removed.
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

/** A session object that was never called. */
export const newSession = (): SessionStub => env.SESSIONS.get(env.SESSIONS.newUniqueId());

/** Another stub for the same session. After a kill the old one stays broken, and inside an object only its own stubs work. */
export const stubAgain = (session: SessionStub): SessionStub => stubOf(session.id.toString());

export const stubOf = (objectId: string): SessionStub => env.SESSIONS.get(env.SESSIONS.idFromString(objectId));

export const idOf = (session: SessionStub): string => encodeSessionId(session.id.toString());

export const beginRequest = (rest: Partial<BeginRequest> = {}): BeginRequest => ({
  client: null,
  idleTimeoutMs: DAY,
  maxAgeMs: 0,
  shard: SHARD,
  registrySize: 16,
  region: null,
  maxSessions: 0,
  ...rest,
});

export const setRequest = (workingDirectory: string, rest: Partial<SetRequest> = {}): SetRequest => ({
  workingDirectory,
  config: null,
  ...beginRequest({ client: "test/1" }),
  ...rest,
});

/** The context; throws if the call is refused. */
export async function contextOf(session: SessionStub, principal = ANONYMOUS) {
  const got = await session.get(principal);
  if (!got.ok) throw new Error(got.failure.kind);
  return got.value;
}

export const registry = () => new RegistryClient(env.REGISTRY, parseConfig(env));

/** The exact count; throws if a shard does not answer. */
export async function activeSessions(): Promise<number> {
  const count = await registry().count(ANONYMOUS);
  if (!count.ok) throw new Error(`no answer from shards ${count.failure.shards}`);
  return count.value.total;
}

export const registryShard = (shard = SHARD) => env.REGISTRY.get(env.REGISTRY.idFromName(`shard-${shard}`));

/** Runs `work` inside the object as a separate event, with its storage. */
export const inSession = <R>(
  session: SessionStub,
  work: (instance: SessionObject, state: DurableObjectState) => R | Promise<R>,
) => runInDurableObject<SessionObject, R>(session, work);

/** Everything that an object stores: kv entries, tables, the alarm. */
export const storageOf = (object: DurableObjectStub<SessionObject>) =>
  runInDurableObject(object, async (_instance, { storage }) => ({
    kv: [...storage.kv.list()].length,
    tables: storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray()
      .length,
    alarm: await storage.getAlarm(),
  }));

export const EMPTY = { kv: 0, tables: 0, alarm: null };

export const alarmOf = (object: SessionStub) => runInDurableObject(object, (_, { storage }) => storage.getAlarm());

/** Moves the clock. Forward only: a platform clock does not go back. */
export const moveClock = (ms: number): void => void vi.setSystemTime(Date.now() + ms);

/** Fires the alarm if it is due. */
export async function fireDueAlarm(object: SessionStub): Promise<boolean> {
  const alarm = await alarmOf(object);
  return alarm !== null && alarm <= Date.now() && runDurableObjectAlarm(object);
}

/** Moves time from alarm to alarm, up to `limitMs` from now, until the object has none left. */
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

/** Evicts the object from memory, as the platform does when it is idle. No-op if it is not running. */
export async function evict(object: DurableObjectStub<SessionObject>): Promise<void> {
  await evictDurableObject(object).catch(() => {});
}

/** Runs `work` inside a registry shard. */
export const inShard = <R>(work: (instance: SessionRegistry, state: DurableObjectState) => R | Promise<R>) =>
  runInDurableObject<SessionRegistry, R>(registryShard(), work);

/** A row of the registry. */
export const entry = (sessionId: string, openedAt = 1000, principal = ANONYMOUS) => ({
  sessionId,
  openedAt,
  principal,
  client: null,
});
