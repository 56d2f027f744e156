import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { MAX_OPERATION_ROWS, OPERATIONS_GIVE_UP_MS, OPERATIONS_REMEMBER_MS } from "../../src/constants.ts";
import type { OperationCount } from "../../src/registry/operations.ts";
import { REGISTRY_MIGRATIONS } from "../../src/registry/registry-migrations.ts";
import { ShardOperations } from "../../src/registry/shard-operations.ts";
import { migrate } from "../../src/storage/migrations.ts";
import { moveClock, registry, registryShard, SHARD } from "../support/objects.ts";

afterEach(async () => {
  vi.useRealTimers();
  await reset();
});

const get = (count: number): OperationCount => ({ tool: "get", outcome: "ok", count });

const add = (isolate: string, sequence: number, counts: readonly OperationCount[]) =>
  registry().addOperations(SHARD, { isolate, sequence, counts });

async function counts(): Promise<readonly OperationCount[]> {
  const { answers } = await registry().report([], Date.now(), { operations: true });
  return answers[SHARD]?.operations ?? [];
}

const sources = () =>
  runInDurableObject(registryShard(), (_, { storage }) =>
    storage.sql.exec<{ isolate: string }>("SELECT isolate FROM operation_source").toArray(),
  );

describe("the finished calls that a shard adds up", () => {
  it("are those of each batch once, however often and late it is sent, also after an eviction", async () => {
    await add("a", 1, [get(2), { tool: "get", outcome: "no_context", count: 1 }]);
    await add("b", 1, [get(10)]);
    await add("a", 1, [get(2)]);
    await evictDurableObject(registryShard());
    await add("a", 2, [get(3)]);
    await add("a", 2, [get(3)]);
    await add("a", 1, [get(2)]);
    expect(await counts()).toEqual([{ tool: "get", outcome: "no_context", count: 1 }, get(15)]);
  });

  it("take a bounded number of rows, whatever is reported", async () => {
    const many = Array.from({ length: MAX_OPERATION_ROWS + 100 }, (_, n) => ({
      tool: `t${n}`,
      outcome: "ok",
      count: 2,
    }));
    await add("a", 1, many);
    await add("a", 2, many);
    const stored = await counts();
    expect(stored).toHaveLength(MAX_OPERATION_ROWS + 1);
    expect(stored).toContainEqual({ tool: "other", outcome: "other", count: 400 });
    expect(stored).toContainEqual({ tool: "t0", outcome: "ok", count: 4 });
  });

  it("write one row for each pair of a batch and one for its isolate", async () => {
    const batch = (sequence: number) => ({ isolate: "a", sequence, counts: [get(1), { ...get(1), tool: "set" }] });
    const written = await runInDurableObject(registryShard(), (_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS, { create: true });
      return [1, 2, 2].map((sequence) => {
        let rows = 0;
        const exec = (query: string, ...values: SqlStorageValue[]) => {
          const cursor = storage.sql.exec(query, ...values);
          const results = cursor.toArray();
          rows += cursor.rowsWritten;
          return { toArray: () => results, one: () => results[0], rowsWritten: cursor.rowsWritten };
        };
        new ShardOperations({ exec } as unknown as SqlStorage).add(batch(sequence), 0);
        return rows;
      });
    });
    expect(written).toEqual([3, 3, 0]);
  });

  it("forget isolates that are long gone, but none that may still send its batch again", async () => {
    expect(OPERATIONS_REMEMBER_MS).toBeGreaterThanOrEqual(2 * OPERATIONS_GIVE_UP_MS);
    vi.useFakeTimers({ toFake: ["Date"] });
    await add("old", 1, [get(1)]);
    moveClock(OPERATIONS_REMEMBER_MS - 1);
    await add("young", 1, [get(1)]);
    expect(await sources()).toHaveLength(2);
    moveClock(2);
    await add("new", 1, [get(1)]);
    expect((await sources()).map(({ isolate }) => isolate)).toEqual(["new", "young"]);
    expect(await counts()).toEqual([get(3)]);
  });

  it("are not read unless asked for, and leave no trace in a shard that is only asked", async () => {
    expect(await counts()).toEqual([]);
    const tables = await runInDurableObject(registryShard(), (_, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    );
    expect(tables).toEqual([]);
    await add("a", 1, [get(1)]);
    const { answers } = await registry().report();
    expect(answers[SHARD]?.operations).toEqual([]);
  });

  it("have their tables in a shard of the version before", async () => {
    await runInDurableObject(registryShard(), (_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS.slice(0, 2), { create: true });
    });
    await add("a", 1, [get(1)]);
    expect(await counts()).toEqual([get(1)]);
  });
});
