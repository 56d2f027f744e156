import { expect, it, vi } from "vitest";
import type { LiveSession } from "../../src/session/session-context.ts";
import { NO_PROJECT } from "../../src/session/session-project.ts";
import { SessionRecord } from "../../src/session/session-record.ts";
import { DAY, inSession, newSession, ownClock } from "../support/objects.ts";

ownClock();

const live = (workingDirectory: string): LiveSession => ({
  version: 1,
  state: "live",
  owner: "anonymous",
  workingDirectory,
  project: NO_PROJECT,
  client: null,
  openedAt: Date.now(),
  setAt: Date.now(),
  idleTimeoutMs: DAY,
  shard: 0,
});

/** A record in the storage of a new session, with an alarm far away. */
const withRecord = (use: (record: SessionRecord, storage: DurableObjectStorage) => Promise<void>) =>
  inSession(newSession(), async (_, { storage }) => {
    const record = new SessionRecord(storage);
    await record.store(live("/a"), Date.now() + DAY);
    await use(record, storage);
    vi.restoreAllMocks();
    await storage.deleteAll();
  });

/** Current record and alarm; the alarm is read from storage if it is not in memory. */
async function read(record: SessionRecord) {
  while (record.alarm === undefined) await record.load();
  return { stored: record.stored, alarm: record.alarm };
}

it("reads storage once, and remembers what it writes", () =>
  withRecord(async (record, storage) => {
    record.forgetAlarm();
    const asked = vi.spyOn(storage, "getAlarm");
    for (let n = 0; n < 5; n++) expect((await read(record)).stored).toMatchObject({ workingDirectory: "/a" });
    expect(asked).toHaveBeenCalledTimes(1);

    await record.setAlarm(Date.now() + 2 * DAY);
    expect((await read(record)).alarm).toBe(Date.now() + 2 * DAY);
    await record.store(live("/b"), Date.now() + 3 * DAY);
    expect(await read(record)).toMatchObject({ stored: { workingDirectory: "/b" }, alarm: Date.now() + 3 * DAY });
    record.put(live("/c"));
    expect(await read(record)).toMatchObject({ stored: { workingDirectory: "/c" }, alarm: Date.now() + 3 * DAY });
    await record.deleteAll();
    expect(await read(record)).toEqual({ stored: undefined, alarm: null });
    expect(asked).toHaveBeenCalledTimes(1);
    expect(storage.kv.get("session")).toBeUndefined();
    expect(await storage.getAlarm()).toBeNull();
  }));

it("agrees with storage after every write, before it is confirmed", () =>
  withRecord(async (record, storage) => {
    const written = record.store(live("/b"), Date.now() + 2 * DAY);
    expect(await read(record)).toMatchObject({ stored: { workingDirectory: "/b" }, alarm: Date.now() + 2 * DAY });
    expect(storage.kv.get("session")).toMatchObject({ workingDirectory: "/b" });
    expect(await storage.getAlarm()).toBe(Date.now() + 2 * DAY);
    await written;
  }));

it("does not use a value read from storage before a write", () =>
  withRecord(async (record) => {
    record.forgetAlarm();
    const loading = record.load();
    await record.setAlarm(Date.now() + 2 * DAY);
    await loading;
    expect(record.alarm).toBe(Date.now() + 2 * DAY);
    record.forgetAlarm();
    const overtaken = record.load();
    record.forgetAlarm();
    await overtaken;
    expect(record.alarm).toBeUndefined();
  }));

it("returns the stored value after a write that failed", () =>
  withRecord(async (record, storage) => {
    vi.spyOn(storage, "setAlarm").mockRejectedValueOnce(new Error("storage fails"));
    await expect(record.store(live("/b"), Date.now() + 2 * DAY)).rejects.toThrow("storage fails");
    expect(await read(record)).toMatchObject({ stored: { workingDirectory: "/a" }, alarm: Date.now() + DAY });
    vi.spyOn(storage, "deleteAll").mockRejectedValueOnce(new Error("storage fails"));
    await expect(record.deleteAll()).rejects.toThrow("storage fails");
    expect(await read(record)).toMatchObject({ stored: { workingDirectory: "/a" }, alarm: Date.now() + DAY });
  }));

it("reads the alarm again after the platform has removed it to fire it", () =>
  withRecord(async (record, storage) => {
    await storage.deleteAlarm();
    record.forgetAlarm();
    expect((await read(record)).alarm).toBeNull();
  }));
