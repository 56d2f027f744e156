import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { migrate } from "../../src/base/migrations.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { floorTo, HISTORY_RANGES, HOUR_MS, MINUTE_MS } from "../../src/registry/history.ts";
import { REGISTRY_MIGRATIONS } from "../../src/registry/registry-migrations.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { NO_TALLY, type Tally } from "../../src/registry/tally.ts";
import {
  DAY,
  entry,
  idOf,
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

/** The day after tomorrow: alarms set in the past would fire at once. */
const HALF_PAST_NOON = floorTo(Date.now(), DAY) + 2 * DAY + 12 * HOUR_MS + 30 * MINUTE_MS + 10_000;

ownClock(HALF_PAST_NOON);

async function shardReport() {
  const { answers } = await registry().report(Object.values(HISTORY_RANGES));
  const shard = answers[SHARD];
  if (shard === undefined) throw new Error("no such shard");
  return shard;
}

const tally = async (): Promise<Tally> => (await shardReport()).tally;

describe("the tally of a shard", () => {
  it("counts each beginning and each end once, however often they are reported", async () => {
    for (let twice = 0; twice < 2; twice++) {
      await registry().register(SHARD, entry("a"), 0);
      await registry().register(SHARD, entry("b"), 0);
      await registry().register(SHARD, entry("c"), 0);
    }
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 3 });
    for (let twice = 0; twice < 2; twice++) {
      await registry().unregister(SHARD, entry("a"), "ended");
      await registry().unregister(SHARD, entry("b"), "expired");
      await registry().unregister(SHARD, entry("c"), "deleted");
    }
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 3, ended: 1, expired: 1, deleted: 1 });
  });

  it("counts both when a row moves on to a newer context, and neither of them again", async () => {
    await registry().register(SHARD, entry("a", 1000), 0);
    const newer = { ...entry("a", 2000), previousEnd: "ended" as const };
    for (let twice = 0; twice < 2; twice++) await registry().register(SHARD, newer, 0);
    await registry().unregister(SHARD, entry("a", 1000), "ended");
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 2, ended: 1 });
    expect((await shardReport()).sessions).toBe(1);
  });

  it("counts a refusal once although the call is repeated", async () => {
    await registry().register(SHARD, entry("a", 1000, "alice"), 1);
    for (let twice = 0; twice < 2; twice++) await registry().register(SHARD, entry("b", 2000, "alice"), 1);
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 1, refused: 1 });
    await registry().register(SHARD, entry("c", 2000, "alice"), 1);
    expect(await tally()).toMatchObject({ refused: 2 });
  });

  it("records why each context ended: ended, deleted, expired, found gone", async () => {
    const [ended, deleted, expired, again] = [newSession(), newSession(), newSession(), newSession()];
    for (const session of [ended, deleted, expired, again]) await session.set(ANONYMOUS, setRequest("/a"));
    await ended.end(ANONYMOUS);
    await ended.end(ANONYMOUS);
    await deleted.delete(ANONYMOUS);
    await deleted.delete(ANONYMOUS);
    await registry().register(SHARD, entry(idOf(newSession())), 0);
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 5, ended: 1, deleted: 1 });
    moveClock(DAY + 60_000);
    // Late alarm, new context: the previous one has still expired.
    await again.set(ANONYMOUS, setRequest("/b"));
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 6, ended: 1, deleted: 1, expired: 1 });
    await settle(expired, 0);
    await runDurableObjectAlarm(registryShard());
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 6, ended: 1, deleted: 1, expired: 2, dropped: 1 });
    expect((await shardReport()).sessions).toBe(1);
  });

  it("counts an end that the shard learns of late because it did not answer, also from the next context", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a"));
    vi.spyOn(SessionRegistry.prototype, "unregister").mockImplementation(() => {
      throw new Error("shard is down");
    });
    await session.end(ANONYMOUS);
    await session.set(ANONYMOUS, setRequest("/b"));
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 2, ended: 1 });
  });

  it("survives eviction, and a shard that is only read stores nothing", async () => {
    await shardReport();
    expect(await inShard((_, { storage }) => storage.sql.exec("SELECT name FROM sqlite_master").toArray())).toEqual([]);
    await registry().register(SHARD, entry("a"), 0);
    moveClock(MINUTE_MS);
    await registry().unregister(SHARD, entry("a"), "ended");
    const before = await shardReport();
    await evictDurableObject(registryShard());
    expect(await shardReport()).toEqual(before);
  });
});

describe("the history of a shard", () => {
  it("puts each event into its minute, hour and day", async () => {
    await registry().register(SHARD, entry("a"), 0);
    moveClock(MINUTE_MS);
    await registry().register(SHARD, entry("b"), 0);
    await registry().unregister(SHARD, entry("a"), "ended");
    moveClock(HOUR_MS);
    await registry().unregister(SHARD, entry("b"), "expired");
    const [hour, day, month] = (await shardReport()).series;
    expect(hour).toHaveLength(60);
    expect(hour?.at(-1)).toEqual({ ...NO_TALLY, expired: 1 });
    expect(day?.slice(-2)).toEqual([
      { ...NO_TALLY, opened: 2, ended: 1 },
      { ...NO_TALLY, expired: 1 },
    ]);
    expect(month?.at(-1)).toEqual({ ...NO_TALLY, opened: 2, ended: 1, expired: 1 });
  });

  it("costs no row per event, but one per minute with events, and its removal", async () => {
    await registry().register(SHARD, entry("first"), 0);
    const written = (sql: SqlStorage, work: () => void) => {
      const exec = vi.spyOn(sql, "exec");
      work();
      return exec.mock.results.reduce((sum, { value }) => sum + value.rowsWritten, 0);
    };
    await inShard((instance, { storage }) => {
      vi.spyOn(storage, "transactionSync").mockImplementation((work) => work());
      // The row, and the count, which existed before the history did.
      expect(written(storage.sql, () => instance.register(entry("a"), 0))).toBe(2);
      vi.mocked(storage.sql.exec).mockRestore();
      expect(written(storage.sql, () => instance.unregister(entry("a"), "ended"))).toBe(2);
    });
    moveClock(MINUTE_MS);
    await inShard((instance, { storage }) => {
      vi.mocked(storage.sql.exec).mockRestore?.();
      expect(written(storage.sql, () => instance.register(entry("b"), 0))).toBe(3);
    });
  });

  it("rolls minutes up when hours pass, and changes no sum by it", async () => {
    for (let n = 0; n < 200; n++) {
      await registry().register(SHARD, entry(`s${n}`), 0);
      moveClock(3 * MINUTE_MS);
    }
    const rows = await inShard((_, { storage }) => storage.sql.exec("SELECT minute FROM history").toArray().length);
    expect(rows).toBeLessThan(75);
    const [, day] = (await shardReport()).series;
    expect(day?.reduce((sum, { opened }) => sum + opened, 0)).toBe(200);
    expect(day?.filter(({ opened }) => opened === 20)).toHaveLength(9);
  });

  it("continues in a shard of the previous version, whose sessions count as opened", async () => {
    await inShard((_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS.slice(0, 1), { create: true });
      storage.sql.exec("INSERT INTO session VALUES ('sess_old', 1000, 'alice', NULL)");
      storage.sql.exec("UPDATE total SET sessions = 1");
    });
    await evictDurableObject(registryShard());
    expect(await tally()).toEqual({ ...NO_TALLY, opened: 1 });
    await registry().unregister(SHARD, entry("sess_old"), "ended");
    const { sessions, series } = await shardReport();
    expect(sessions).toBe(0);
    expect(series[1]?.at(-1)).toEqual({ ...NO_TALLY, ended: 1 });
  });

  it("tolerates a clock that is set back", async () => {
    await registry().register(SHARD, entry("a"), 0);
    moveClock(-10 * MINUTE_MS);
    await registry().register(SHARD, entry("b"), 0);
    moveClock(20 * MINUTE_MS);
    await registry().register(SHARD, entry("c"), 0);
    const [hour] = (await shardReport()).series;
    expect(hour?.reduce((sum, { opened }) => sum + opened, 0)).toBe(3);
  });
});
