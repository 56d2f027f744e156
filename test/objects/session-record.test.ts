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

/** A record in the storage of a fresh session, with an alarm far away. */
const withRecord = (use: (record: SessionRecord, storage: DurableObjectStorage) => Promise<void>) =>
  inSession(newSession(), async (_, { storage }) => {
    const record = new SessionRecord(storage);
    await record.store(live("/a"), Date.now() + DAY);
    await use(record, storage);
    vi.restoreAllMocks();
    await storage.deleteAll();
  });

it("asks storage once for the reads of a burst, and again after any write", () =>
  withRecord(async (record, storage) => {
    const asked = vi.spyOn(storage, "getAlarm");
    for (let n = 0; n < 5; n++) expect((await record.read()).stored).toMatchObject({ workingDirectory: "/a" });
    expect(asked).toHaveBeenCalledTimes(1);

    await record.setAlarm(Date.now() + 2 * DAY);
    expect((await record.read()).alarm).toBe(Date.now() + 2 * DAY);
    await record.store(live("/b"), Date.now() + 3 * DAY);
    expect(await record.read()).toMatchObject({ stored: { workingDirectory: "/b" }, alarm: Date.now() + 3 * DAY });
    expect(asked).toHaveBeenCalledTimes(3);
    record.put(live("/c"));
    expect(await record.read()).toMatchObject({ stored: { workingDirectory: "/c" }, alarm: Date.now() + 3 * DAY });
    expect(asked).toHaveBeenCalledTimes(3);
    await record.deleteAll();
    expect(await record.read()).toEqual({ stored: undefined, alarm: null });
  }));

it("does not remember what it read while a write was under way", () =>
  withRecord(async (record, storage) => {
    const { transaction } = storage;
    const { promise: held, resolve: go } = Promise.withResolvers<void>();
    vi.spyOn(storage, "transaction").mockImplementation(async (closure) => {
      await held;
      return transaction.call(storage, closure) as never;
    });
    const written = record.store(live("/b"), Date.now() + 2 * DAY);
    expect((await record.read()).stored).toMatchObject({ workingDirectory: "/a" });
    go();
    await written;
    expect(await record.read()).toMatchObject({ stored: { workingDirectory: "/b" }, alarm: Date.now() + 2 * DAY });
  }));

it("gives what is stored after a write that failed", () =>
  withRecord(async (record, storage) => {
    await record.read();
    vi.spyOn(storage, "setAlarm").mockRejectedValueOnce(new Error("storage fails"));
    await expect(record.store(live("/b"), Date.now() + 2 * DAY)).rejects.toThrow("storage fails");
    expect(await record.read()).toMatchObject({ stored: { workingDirectory: "/a" }, alarm: Date.now() + DAY });
  }));

it("forgets the alarm that the platform takes away when it fires", () =>
  withRecord(async (record, storage) => {
    await record.read();
    await storage.deleteAlarm();
    expect(await record.alarm()).toBeNull();
    expect((await record.read()).alarm).toBeNull();
  }));
