import { vi } from "vitest";

/** Stops the clock, so that tests about time do not depend on how long they take. */
export function stopClock(): { pass(ms: number): void } {
  vi.useFakeTimers({ toFake: ["Date"] });
  return { pass: (ms) => void vi.setSystemTime(Date.now() + ms) };
}
