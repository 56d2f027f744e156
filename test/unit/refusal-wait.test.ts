import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { REFUSAL_STEP_MS } from "../../src/session/limits.ts";
import { refusalWaitMs } from "../../src/session/refusal-wait.ts";

describe("the wait before an unknown session is refused", () => {
  it("ends a whole number of steps after the request arrived, at least one, and is no longer than a step", () => {
    fc.assert(
      fc.property(fc.nat({ max: 1_000_000 }), (elapsed) => {
        const wait = refusalWaitMs(elapsed);
        expect((elapsed + wait) % REFUSAL_STEP_MS).toBe(0);
        expect(elapsed + wait).toBeGreaterThanOrEqual(REFUSAL_STEP_MS);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(REFUSAL_STEP_MS);
      }),
    );
  });

  it("ends at the same moment for all that was found out within one step", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: REFUSAL_STEP_MS }), (elapsed) => {
        expect(elapsed + refusalWaitMs(elapsed)).toBe(REFUSAL_STEP_MS);
      }),
    );
  });

  it("is a step if the clock was set back", () => {
    expect(refusalWaitMs(-3_600_000)).toBe(REFUSAL_STEP_MS);
  });
});
