import { describe, expect, it } from "vitest";
import { Changes } from "../../src/session/changes.ts";
import { CHANGE_REMEMBERED_MS, MAX_REMEMBERED_CHANGES } from "../../src/session/limits.ts";

/** Makes changes that count, and reports how often each was made. */
function counting() {
  const changes = new Changes();
  const made = new Map<string, number>();
  const once = (id: string, now: number) =>
    changes.once(
      { id, repeated: true },
      async () => {
        made.set(id, (made.get(id) ?? 0) + 1);
      },
      now,
    );
  return { once, made: (id: string) => made.get(id) };
}

describe("a change", () => {
  it("is remembered for a minute, whatever is made after it", async () => {
    const { once, made } = counting();
    await once("a", 0);
    await once("b", CHANGE_REMEMBERED_MS - 1);
    await once("a", CHANGE_REMEMBERED_MS - 1);
    expect(made("a")).toBe(1);
  });

  it("is forgotten when the next one is made after that minute", async () => {
    const { once, made } = counting();
    await once("a", 0);
    await once("b", CHANGE_REMEMBERED_MS);
    await once("a", CHANGE_REMEMBERED_MS);
    await once("b", CHANGE_REMEMBERED_MS);
    expect([made("a"), made("b")]).toEqual([2, 1]);
  });

  it("is forgotten to make room for newer ones, so that memory stays bounded", async () => {
    const { once, made } = counting();
    for (let n = 0; n <= MAX_REMEMBERED_CHANGES; n++) await once(`${n}`, 0);
    await once("1", 0);
    await once("0", 0);
    expect([made("1"), made("0")]).toEqual([1, 2]);
  });
});
