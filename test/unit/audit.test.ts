import fc from "fast-check";
import { expect, it } from "vitest";
import { auditPaceMs } from "../../src/registry/audit.ts";
import { AUDIT_BATCH, AUDIT_INTERVAL_MS } from "../../src/registry/limits.ts";

it("looks at a batch every second, and at more only if half a day would not be enough", () => {
  expect(auditPaceMs(0)).toBe(1000);
  expect(auditPaceMs(1_000_000)).toBe(1000);
  expect(auditPaceMs(6_300_000)).toBe(274);
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 50_000_000 }), (sessions) => {
      expect(auditPaceMs(sessions) * Math.ceil(sessions / AUDIT_BATCH)).toBeLessThanOrEqual(
        AUDIT_INTERVAL_MS / 2 + auditPaceMs(sessions),
      );
    }),
  );
});
