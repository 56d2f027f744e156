import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  DAY_MS,
  floorTo,
  HISTORY_RANGES,
  HOUR_MS,
  MAX_SNAPSHOTS,
  MINUTE_MS,
  type Snapshot,
  seriesOf,
  stepStarts,
  surplusMinutes,
} from "../../src/registry/history.ts";
import { addTallies, NO_TALLY, type Tally } from "../../src/registry/tally.ts";

const START = Date.UTC(2026, 10, 1);

/** What a shard does: a snapshot of the state before, when a minute begins; a roll-up when an hour does. */
function recorder({ rollUp }: { rollUp: boolean }) {
  let kept: Snapshot[] = [];
  let current: Snapshot = { minute: 0, tally: NO_TALLY };
  return {
    add(now: number, added: Partial<Tally>) {
      const minute = floorTo(now, MINUTE_MS);
      if (minute > current.minute) {
        kept.push(current);
        if (rollUp && floorTo(minute, HOUR_MS) > floorTo(current.minute, HOUR_MS)) {
          const surplus = new Set(
            surplusMinutes(
              kept.map((snapshot) => snapshot.minute),
              now,
            ),
          );
          kept = kept.filter((snapshot) => !surplus.has(snapshot.minute));
        }
      }
      current = { minute, tally: addTallies(current.tally, { ...NO_TALLY, ...added }) };
    },
    snapshots: () => [...kept, current],
  };
}

/** Gaps between events: bursts, minutes, hours, and now and then months. */
const gap = fc.oneof(
  { weight: 5, arbitrary: fc.nat(2 * MINUTE_MS) },
  { weight: 3, arbitrary: fc.nat(3 * HOUR_MS) },
  { weight: 1, arbitrary: fc.nat(60 * DAY_MS) },
);
const events = fc.array(fc.record({ gap, opened: fc.nat(3), ended: fc.nat(2), refused: fc.nat(1) }), {
  minLength: 1,
  maxLength: 200,
});

describe("the history", () => {
  it("says the same of every range whether or not old snapshots were left out", () => {
    fc.assert(
      fc.property(events, fc.nat(40 * DAY_MS), (list, wait) => {
        const [exact, thinned] = [recorder({ rollUp: false }), recorder({ rollUp: true })];
        let now = START;
        for (const { gap, ...added } of list) {
          now += gap;
          exact.add(now, added);
          thinned.add(now, added);
          for (const range of Object.values(HISTORY_RANGES)) {
            expect(seriesOf(thinned.snapshots(), range, now)).toEqual(seriesOf(exact.snapshots(), range, now));
          }
        }
        for (const range of Object.values(HISTORY_RANGES)) {
          const later = now + wait;
          expect(seriesOf(thinned.snapshots(), range, later)).toEqual(seriesOf(exact.snapshots(), range, later));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("adds up: all steps together are what happened since the first of them began", () => {
    fc.assert(
      fc.property(events, (list) => {
        const history = recorder({ rollUp: true });
        const happened: { at: number; opened: number }[] = [];
        let now = START;
        for (const { gap, ...added } of list) {
          now += gap;
          history.add(now, added);
          happened.push({ at: now, opened: added.opened });
        }
        for (const range of Object.values(HISTORY_RANGES)) {
          const [first = 0] = stepStarts(range, now);
          const steps = seriesOf(history.snapshots(), range, now);
          expect(steps).toHaveLength(range.points);
          const want = happened.filter(({ at }) => at >= first).reduce((sum, { opened }) => sum + opened, 0);
          expect(steps.reduce((sum, { opened }) => sum + opened, 0)).toBe(want);
        }
      }),
    );
  });

  it("is bounded, even if something happens every minute for two years", () => {
    const history = recorder({ rollUp: true });
    let most = 0;
    // Every minute of three weeks, then a step for each half hour, so that the test ends.
    for (let n = 0; n < 21 * 1440; n++) history.add(START + n * MINUTE_MS, { opened: 1 });
    most = history.snapshots().length;
    for (let n = 0; n < 700 * 48; n++) {
      history.add(START + 21 * DAY_MS + n * 30 * MINUTE_MS, { opened: 1 });
      most = Math.max(most, history.snapshots().length);
    }
    expect(most).toBeLessThanOrEqual(MAX_SNAPSHOTS);
    expect(most).toBeGreaterThan(400);
  });

  it("leaves out the same snapshots at once or step by step", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat(20 * 1440), { maxLength: 300 }), (minutes) => {
        const times = minutes.map((minute) => START + minute * MINUTE_MS);
        const end = START + 21 * DAY_MS;
        const without = (list: number[], now: number) => {
          const surplus = new Set(surplusMinutes(list, now));
          return list.filter((minute) => !surplus.has(minute));
        };
        let stepwise = times;
        for (let now = START; now < end; now += 7 * HOUR_MS) {
          const past = stepwise.filter((minute) => minute <= now);
          stepwise = [...without(past, now), ...stepwise.filter((minute) => minute > now)];
        }
        expect(new Set(without(stepwise, end))).toEqual(new Set(without(times, end)));
      }),
    );
  });

  it("counts a shard from before its history as opened, but in no step", () => {
    const before = { minute: 0, tally: { ...NO_TALLY, opened: 7 } };
    const now = START + HOUR_MS;
    expect(seriesOf([before], HISTORY_RANGES.day, now).every(({ opened }) => opened === 0)).toBe(true);
    const current = { minute: floorTo(now, MINUTE_MS), tally: { ...NO_TALLY, opened: 8 } };
    expect(seriesOf([before, current], HISTORY_RANGES.day, now).at(-1)).toEqual({ ...NO_TALLY, opened: 1 });
  });

  it("is zero in every step where nothing was ever counted", () => {
    expect(seriesOf([], HISTORY_RANGES.month, START)).toEqual(Array.from({ length: 30 }, () => NO_TALLY));
  });
});
