import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nearMatches } from "../../src/projects/near-matches.ts";

const near = (query: string, ...names: string[]) =>
  nearMatches(
    query,
    names.map((name) => ({ id: name, name })),
  ).map(({ name }) => name);

/** The textbook definition. */
function edits(a: string, b: string): number {
  if (a === "" || b === "") return a.length + b.length;
  if (a[0] === b[0]) return edits(a.slice(1), b.slice(1));
  return 1 + Math.min(edits(a.slice(1), b), edits(a, b.slice(1)), edits(a.slice(1), b.slice(1)));
}

describe("near matches of a name", () => {
  it("are the same in other case, then what begins alike, then what is at most two edits away", () => {
    expect(near("shop", "ship", "shop-api", "Shop", "bakery", "shoop")).toEqual(["Shop", "shop-api", "ship", "shoop"]);
    expect(near("webshop-old", "webshop", "w")).toEqual(["webshop"]);
  });

  it("are at most five, and none for nothing", () => {
    expect(near("a", "a1", "a2", "a3", "a4", "a5", "a6")).toHaveLength(5);
    expect(near("", "a")).toEqual([]);
    expect(near("ab", "xy")).toEqual([]);
  });

  it("count edits as the textbook does", () => {
    const word = fc.stringMatching(/^[ab]{3,7}$/);
    fc.assert(
      fc.property(word, word, (a, b) => {
        const isNear = a.startsWith(b) || b.startsWith(a) || edits(a, b) <= 2;
        expect(near(a, b)).toEqual(isNear ? [b] : []);
      }),
      { numRuns: 500 },
    );
  });
});
