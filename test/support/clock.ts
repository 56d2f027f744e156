import { vi } from "vitest";

/** The clock stands still, so that what a test says about time does not depend on how long it takes. */
export function stopClock(): { pass(ms: number): void } {
  vi.useFakeTimers({ toFake: ["Date"] });
  return { pass: (ms) => void vi.setSystemTime(Date.now() + ms) };
}
