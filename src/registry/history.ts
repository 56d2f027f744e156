/**
 * The history of a registry shard: a snapshot of its tally at the end of each minute in which the tally changed. The events
 * between two times are the difference of two snapshots, so deleting a snapshot changes no sum between the remaining ones.
 * Rolling up from minutes to hours to days therefore only deletes snapshots.
 */
import { NO_TALLY, subtractTallies, type Tally } from "./tally.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How far back each resolution reaches. The hour or day that this limit falls in is also kept. */
export const MINUTES_KEPT_MS = 2 * HOUR_MS;
export const HOURS_KEPT_MS = 3 * DAY_MS;
export const DAYS_KEPT_MS = 400 * DAY_MS;

/** An upper bound on the number of snapshots of a shard. */
export const MAX_SNAPSHOTS =
  (MINUTES_KEPT_MS + HOUR_MS) / MINUTE_MS + (HOURS_KEPT_MS + DAY_MS) / HOUR_MS + DAYS_KEPT_MS / DAY_MS + 64;

/** The tally at the end of the minute that began at `minute` (milliseconds since the epoch). */
export interface Snapshot {
  readonly minute: number;
  readonly tally: Tally;
}

/** `points` consecutive steps, ending with the current one. */
export interface HistoryRange {
  readonly stepMs: number;
  readonly points: number;
}

/** The ranges that a dashboard shows. Each lies within the period kept at its resolution. */
export const HISTORY_RANGES = {
  hour: { stepMs: MINUTE_MS, points: 60 },
  day: { stepMs: HOUR_MS, points: 24 },
  month: { stepMs: DAY_MS, points: 30 },
} as const satisfies Record<string, HistoryRange>;

export type RangeName = keyof typeof HISTORY_RANGES;

export const floorTo = (time: number, stepMs: number): number => Math.floor(time / stepMs) * stepMs;

/**
 * The minutes of the snapshots that can be deleted. The last snapshot of each old hour, of each older day and of all time
 * before that stays. Hours and days are rolled up as a whole, so the result does not depend on the order of deletions.
 * @param minutes In any order.
 */
export function surplusMinutes(minutes: readonly number[], now: number): number[] {
  const minutesFrom = floorTo(now - MINUTES_KEPT_MS, HOUR_MS);
  const hoursFrom = floorTo(now - HOURS_KEPT_MS, DAY_MS);
  const daysFrom = floorTo(now - DAYS_KEPT_MS, DAY_MS);
  const group = (minute: number): string => {
    if (minute >= minutesFrom) return `minute ${minute}`;
    if (minute >= hoursFrom) return `hour ${floorTo(minute, HOUR_MS)}`;
    // The last snapshot before the oldest day stays: it is the baseline of later differences.
    return minute >= daysFrom ? `day ${floorTo(minute, DAY_MS)}` : "past";
  };
  const last = new Map<string, number>();
  for (const minute of minutes) last.set(group(minute), Math.max(minute, last.get(group(minute)) ?? minute));
  return minutes.filter((minute) => last.get(group(minute)) !== minute);
}

/** When each step of a range begins, oldest first. Steps begin at whole minutes, hours and days of UTC. */
export function stepStarts({ stepMs, points }: HistoryRange, now: number): number[] {
  const last = floorTo(now, stepMs);
  return Array.from({ length: points }, (_, i) => last - (points - 1 - i) * stepMs);
}

/**
 * What happened in each step of a range.
 * @param snapshots In chronological order; the last one is the current tally.
 */
export function seriesOf(snapshots: readonly Snapshot[], range: HistoryRange, now: number): Tally[] {
  const starts = stepStarts(range, now);
  let next = 0;
  // The first snapshot ever taken was taken before anything was counted.
  let tally = snapshots[0]?.tally ?? NO_TALLY;
  const tallyBefore = (time: number): Tally => {
    for (; next < snapshots.length && (snapshots[next] as Snapshot).minute < time; next++) {
      tally = (snapshots[next] as Snapshot).tally;
    }
    return tally;
  };
  let before = tallyBefore(starts[0] ?? 0);
  return starts.map((start) => {
    const after = tallyBefore(start + range.stepMs);
    const step = subtractTallies(after, before);
    before = after;
    return step;
  });
}
