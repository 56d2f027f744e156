import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { appliedMigrations, migrate } from "../../src/base/migrations.ts";

afterEach(reset);

const inStorage = (use: (storage: DurableObjectStorage) => void) =>
  runInDurableObject(env.CATALOG.get(env.CATALOG.idFromName("migrations")), (_, { storage }) => use(storage));

const ONE = "CREATE TABLE a (x INTEGER); INSERT INTO a VALUES (1)";
const TWO = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 2";

describe("migrations", () => {
  it("write nothing into an empty storage unless told to", () =>
    inStorage((storage) => {
      expect(migrate(storage, [ONE], { create: false })).toBe(false);
      expect(appliedMigrations(storage.sql)).toBe(0);
      expect(storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name IN ('a', 'migration')").toArray()).toEqual([]);
    }));

  it("are applied once each, and later ones also to existing storage, even by a read", () =>
    inStorage((storage) => {
      expect(migrate(storage, [ONE], { create: true })).toBe(true);
      expect(migrate(storage, [ONE], { create: true })).toBe(true);
      expect(migrate(storage, [ONE, TWO], { create: false })).toBe(true);
      expect(storage.sql.exec("SELECT x, y FROM a").toArray()).toEqual([{ x: 1, y: 2 }]);
      expect(appliedMigrations(storage.sql)).toBe(2);
    }));

  it("are applied all or none", () =>
    inStorage((storage) => {
      expect(() => migrate(storage, [ONE, "nonsense"], { create: true })).toThrow();
      expect(appliedMigrations(storage.sql)).toBe(0);
      expect(migrate(storage, [ONE], { create: true })).toBe(true);
    }));

  it("refuse a storage written by a newer version", () =>
    inStorage((storage) => {
      migrate(storage, [ONE, TWO], { create: true });
      expect(() => migrate(storage, [ONE], { create: false })).toThrow(
        "Storage has 2 migrations but this code knows 1: a newer version has written it",
      );
    }));
});
