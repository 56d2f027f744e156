import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { migrate } from "../../src/base/migrations.ts";
import { MAX_OPERATION_ROWS } from "../../src/registry/limits.ts";
import type { OperationCount } from "../../src/registry/operations.ts";
import { REGISTRY_MIGRATIONS } from "../../src/registry/registry-migrations.ts";
import { ShardOperations } from "../../src/registry/shard-operations.ts";
import { registry, registryShard, SHARD } from "../support/objects.ts";

afterEach(reset);

const get = (count: number): OperationCount => ({ tool: "get", outcome: "ok", count });

const add = (...counts: readonly OperationCount[]) => registry().addOperations(SHARD, counts);

async function counts(): Promise<readonly OperationCount[]> {
  const { answers } = await registry().report([], Date.now(), { operations: true });
  return answers[SHARD]?.operations ?? [];
}

describe("the completed calls that a shard adds up", () => {
  it("are those of every report, also after an eviction", async () => {
    await add(get(2), { tool: "get", outcome: "no_context", count: 1 });
    await add(get(10));
    await evictDurableObject(registryShard());
    await add(get(3));
    expect(await counts()).toEqual([{ tool: "get", outcome: "no_context", count: 1 }, get(15)]);
  });

  it("use a bounded number of rows, whatever is reported", async () => {
    const many = Array.from({ length: MAX_OPERATION_ROWS + 100 }, (_, n) => ({
      tool: `t${n}`,
      outcome: "ok",
      count: 2,
    }));
    await add(...many);
    await add(...many);
    const stored = await counts();
    expect(stored).toHaveLength(MAX_OPERATION_ROWS + 1);
    expect(stored).toContainEqual({ tool: "other", outcome: "other", count: 400 });
    expect(stored).toContainEqual({ tool: "t0", outcome: "ok", count: 4 });
  });

  it("write one row for each pair in a report", async () => {
    const written = await runInDurableObject(registryShard(), (_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS, { create: true });
      return [1, 2].map(() => {
        let rows = 0;
        const exec = (query: string, ...values: SqlStorageValue[]) => {
          const cursor = storage.sql.exec(query, ...values);
          const results = cursor.toArray();
          rows += cursor.rowsWritten;
          return { toArray: () => results, one: () => results[0], rowsWritten: cursor.rowsWritten };
        };
        new ShardOperations({ exec } as unknown as SqlStorage).add([get(1), { ...get(1), tool: "set" }]);
        return rows;
      });
    });
    expect(written).toEqual([2, 2]);
  });

  it("are read only on demand, and leave nothing in a shard that is only read", async () => {
    expect(await counts()).toEqual([]);
    expect(await tables()).toEqual([]);
    await add(get(1));
    const { answers } = await registry().report();
    expect(answers[SHARD]?.operations).toEqual([]);
  });

  it("get their table in a shard from before calls were counted", async () => {
    await runInDurableObject(registryShard(), (_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS.slice(0, 2), { create: true });
    });
    await add(get(1));
    expect(await counts()).toEqual([get(1)]);
  });

  it("stay in a shard that also stored the reporters, and that table is dropped", async () => {
    await runInDurableObject(registryShard(), (_, { storage }) => {
      migrate(storage, REGISTRY_MIGRATIONS.slice(0, 5), { create: true });
      storage.sql.exec("INSERT INTO operation VALUES ('get', 'ok', 7)");
      storage.sql.exec("INSERT INTO operation_source VALUES ('isolate', 1, 0)");
    });
    await add(get(1));
    expect(await counts()).toEqual([get(8)]);
    expect(await tables()).not.toContain("operation_source");
  });
});

const tables = () =>
  runInDurableObject(registryShard(), (_, { storage }) =>
    storage.sql
      .exec<{ name: string }>("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'")
      .toArray()
      .map(({ name }) => name),
  );
