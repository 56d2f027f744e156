import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  asRegistered,
  deadlineAfter,
  deadlineOf,
  headerDeletedUntil,
  type LiveSession,
  lastUsedAt,
  nextTryOf,
  registryRetryDelayMs,
} from "../../src/session/session-context.ts";

const DAY = 86_400_000;
const now = fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2100, 0) });
const idleTimeoutMs = fc.integer({ min: 1, max: 365 * 86_400 }).map((seconds) => seconds * 1000);

const live: LiveSession = {
  version: 1,
  state: "live",
  owner: "anonymous",
  workingDirectory: "/a",
  client: null,
  openedAt: 0,
  setAt: 0,
  idleTimeoutMs: DAY,
  shard: 0,
};

describe("deadline", () => {
  it("is never early, and at most 1/1440 of the timeout late", () => {
    fc.assert(
      fc.property(now, idleTimeoutMs, (at, idle) => {
        const late = deadlineAfter(at, idle) - (at + idle);
        expect(Number.isInteger(late)).toBe(true);
        expect(late).toBeGreaterThanOrEqual(0);
        expect(late).toBeLessThanOrEqual(Math.ceil(idle / 1440) + 1);
      }),
    );
  });

  it("is at most a minute late for 24 hours, and 2 milliseconds for 2 seconds", () => {
    fc.assert(
      fc.property(now, (at) => {
        expect(deadlineAfter(at, DAY) - (at + DAY)).toBeLessThan(60_000);
        expect(deadlineAfter(at, 2000) - (at + 2000)).toBeLessThanOrEqual(2);
      }),
    );
  });

  it("never moves back when time moves on, and stays the same within a minute", () => {
    fc.assert(
      fc.property(now, idleTimeoutMs, fc.nat(100_000), (at, idle, step) => {
        expect(deadlineAfter(at + step, idle)).toBeGreaterThanOrEqual(deadlineAfter(at, idle));
      }),
    );
    const minute = Date.UTC(2026, 5, 1, 12, 0);
    expect(deadlineAfter(minute + 59_999, DAY)).toBe(deadlineAfter(minute + 1, DAY));
  });

  it("gives the last use to the minute, and never in the future", () => {
    fc.assert(
      fc.property(now, fc.nat(DAY), (at, later) => {
        const lastUsed = lastUsedAt(deadlineAfter(at, DAY), DAY, at + later);
        expect(lastUsed).toBeGreaterThanOrEqual(at);
        expect(lastUsed - at).toBeLessThan(60_000);
        expect(lastUsed).toBeLessThanOrEqual(at + later);
      }),
    );
  });

  it("has passed from its very millisecond on, and also if there is no alarm", () => {
    expect(deadlineOf(live, 1000, 999)).toBe(1000);
    expect(deadlineOf(live, 1000, 1000)).toBeNull();
    expect(deadlineOf(live, null, 0)).toBeNull();
  });

  it("is the stored one while the alarm is used for registration", () => {
    const registering = { ...live, registration: { deadline: 5000, tries: 1 } };
    expect(deadlineOf(registering, 1000, 2000)).toBe(5000);
    expect(deadlineOf(registering, 1000, 5000)).toBeNull();
  });
});

describe("registration", () => {
  const registering: LiveSession = { ...live, registration: { deadline: 5000, tries: 0 } };

  it("is complete once the alarm is at the deadline or later, and not before", () => {
    for (const alarm of [1, 1000, 4999]) expect(asRegistered(registering, alarm)).toEqual(registering);
    for (const alarm of [5000, 9000]) expect(asRegistered(registering, alarm)).toEqual(live);
  });

  it("is not known to be complete while the alarm is being handled", () => {
    expect(asRegistered(registering, null)).toEqual(registering);
  });

  it("is retried after now and before the deadline, since an alarm at the deadline means that it is complete", () => {
    fc.assert(
      fc.property(now, fc.integer({ min: 2, max: DAY }), fc.nat(100), (at, left, tries) => {
        const next = nextTryOf({ deadline: at + left, tries }, at);
        expect(next).toBeGreaterThan(at);
        expect(next).toBeLessThan(at + left);
      }),
    );
  });
});

describe("deleted session", () => {
  const closing = { version: 1, state: "closing", owner: "anonymous", openedAt: 0, shard: 0, tries: 0 } as const;
  it("is deleted for the header while its tombstone lasts, also before its row is gone and after a context began over it", () => {
    const deleted = { version: 1, state: "deleted", owner: "anonymous", deletedUntil: 10 } as const;
    for (const stored of [deleted, { ...closing, deletedUntil: 10 }, { ...live, deletedUntil: 10 }]) {
      expect(headerDeletedUntil(stored, 9)).toBe(10);
      expect(headerDeletedUntil(stored, 10)).toBeNull();
    }
    for (const stored of [{ ...closing, deletedUntil: null }, live, undefined]) {
      expect(headerDeletedUntil(stored, 0)).toBeNull();
    }
  });
});

describe("retry of a registry call", () => {
  it("waits longer each time, up to 15 minutes, and never zero", () => {
    fc.assert(
      fc.property(fc.nat(10_000), fc.double({ min: 0, max: 1, noNaN: true }), (tries, chance) => {
        const wait = registryRetryDelayMs(tries, () => chance);
        expect(wait).toBeGreaterThanOrEqual(3750);
        expect(wait).toBeLessThanOrEqual(15 * 60_000);
      }),
    );
    expect([0, 1, 2, 20].map((tries) => registryRetryDelayMs(tries, () => 1))).toEqual([5000, 10_000, 20_000, 900_000]);
  });
});
