import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REGIONS, regionOf, regionOfRequest, shardOf } from "../../src/registry/shard-of.ts";

describe("shard of a context", () => {
  const shards = fc.integer({ min: 1, max: 64 });
  it("exists, and lies in the region wherever that region has one", () => {
    fc.assert(
      fc.property(fc.string(), fc.constantFrom(...REGIONS, null), shards, (key, region, count) => {
        const shard = shardOf(key, region, count);
        expect(shard).toBeGreaterThanOrEqual(0);
        expect(shard).toBeLessThan(count);
        if (region !== null && REGIONS.indexOf(region) < count) expect(regionOf(shard)).toBe(region);
      }),
    );
  });

  it("fills all shards of a region, and all shards where the region is unknown", () => {
    const keys = Array.from({ length: 400 }, (_, i) => `key-${i}`);
    expect(new Set(keys.map((key) => shardOf(key, "sam", 32)))).toEqual(new Set([2, 11, 20, 29]));
    expect(new Set(keys.map((key) => shardOf(key, null, 16))).size).toBe(16);
  });
});

describe("region of a request", () => {
  it.each([
    [{ continent: "NA", longitude: "-122.4" }, "wnam"],
    [{ continent: "NA", longitude: "-73.9" }, "enam"],
    [{ continent: "EU", longitude: "2.3" }, "weur"],
    [{ continent: "EU", longitude: "21.0" }, "eeur"],
    [{ continent: "AS", longitude: "139.7" }, "apac"],
    [{ continent: "AS", longitude: "46.7" }, "me"],
    [{ continent: "SA" }, "sam"],
    [{ continent: "OC" }, "oc"],
    [{ continent: "AF" }, "afr"],
    [{}, null],
    [undefined, null],
  ] as const)("%j is %s", (cf, region) => {
    expect(regionOfRequest(cf)).toBe(region);
  });
});
