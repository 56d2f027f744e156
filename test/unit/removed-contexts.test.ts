import { describe, expect, it } from "vitest";
import { RemovedContexts } from "../../src/registry/removed-contexts.ts";

const MINUTES = 60_000;

describe("contexts removed from a shard", () => {
  it("are known by session and start time, including earlier ones", () => {
    const removed = new RemovedContexts();
    removed.add("a", 1000, 0);
    expect([999, 1000, 1001].map((openedAt) => removed.has("a", openedAt))).toEqual([true, true, false]);
    expect(removed.has("b", 1000)).toBe(false);
  });

  it("stay known if an older one is removed again", () => {
    const removed = new RemovedContexts();
    removed.add("a", 2000, 0);
    removed.add("a", 1000, 0);
    expect(removed.has("a", 2000)).toBe(true);
  });

  it("are remembered longer than a call can be under way, and then forgotten", () => {
    const removed = new RemovedContexts();
    removed.add("a", 1000, 0);
    removed.add("b", 1000, 5 * MINUTES);
    expect(removed.has("a", 1000)).toBe(true);
    removed.add("c", 1000, 10 * MINUTES);
    expect([removed.has("a", 1000), removed.has("b", 1000)]).toEqual([false, true]);
  });

  it("are bounded in number: the one removed first is forgotten first", () => {
    const removed = new RemovedContexts();
    for (let n = 0; n <= 10_000; n++) removed.add(`${n}`, 1000, 0);
    expect([removed.has("0", 1000), removed.has("1", 1000)]).toEqual([false, true]);
  });
});
