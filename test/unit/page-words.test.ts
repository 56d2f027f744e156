import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { snippetsFor } from "../../src/http/admin/pages/snippets.ts";
import { ago, axisEnd, refreshSeconds, timeLeft } from "../../src/http/admin/pages/words.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

describe("the texts of a page", () => {
  it.each([
    [-5000, "just now"],
    [59_999, "just now"],
    [MINUTE, "1 min ago"],
    [47 * HOUR, "47 h ago"],
    [49 * HOUR, "2 d ago"],
  ])("for %i ms ago are %s", (ms, words) => {
    expect(ago(ms)).toBe(words);
  });

  it.each([
    [-1, "none"],
    [1500, "2 s"],
    [59 * MINUTE, "59 min"],
    [24 * HOUR, "24 h 0 min"],
    [72 * HOUR, "3 d 0 h"],
  ])("for %i ms left are %s", (ms, words) => {
    expect(timeLeft(ms)).toBe(words);
  });

  it("end an axis at a round number at or slightly above the largest value", () => {
    fc.assert(
      fc.property(fc.nat(1e9), (n) => {
        const end = axisEnd(n);
        expect(end).toBeGreaterThanOrEqual(Math.max(1, n));
        expect(end).toBeLessThan(Math.max(2, 2.5 * n));
        expect(String(end)).toMatch(/^[125]0*$/);
      }),
    );
  });

  it("refresh a large registry less often", () => {
    expect([0, 1000, 20_000, 1e9].map(refreshSeconds)).toEqual([3, 3, 10, 600]);
  });
});

describe("the snippets", () => {
  const endpoint = "https://mcp.example.com/mcp";

  it.each(["none", "token", "jwt"] as const)(
    "of mode %s each contain the endpoint, and are valid JSON if they look like it",
    (mode) => {
      for (const isLocal of [true, false]) {
        for (const { text } of snippetsFor(endpoint, mode, isLocal)) {
          expect(text).toContain(endpoint);
          if (text.startsWith("{")) expect(() => JSON.parse(text)).not.toThrow();
          expect(text.includes("YOUR_TOKEN")).toBe(mode === "token" || (mode === "jwt" && text.startsWith("curl")));
        }
      }
    },
  );
});
