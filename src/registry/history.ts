/**
 * The history of a registry shard as snapshots: what its tally was at the end of a minute in which it changed. What
 * happened between two times is the difference of two snapshots, so an old one can be left out without changing any sum
 * between those that stay. That is the whole roll-up, from minutes to hours to days.
 */
import { NO_TALLY, subtractTallies, type Tally } from "./tally.ts";

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/** How far back each resolution reaches, beside the hour or day that it cuts into. */
export const MINUTES_KEPT_MS = 2 * HOUR_MS;
export const HOURS_KEPT_MS = 3 * DAY_MS;
export const DAYS_KEPT_MS = 400 * DAY_MS;

/** More snapshots than a shard can ever have, whatever happens in it. */
export const MAX_SNAPSHOTS =
  (MINUTES_KEPT_MS + HOUR_MS) / MINUTE_MS + (HOURS_KEPT_MS + DAY_MS) / HOUR_MS + DAYS_KEPT_MS / DAY_MS + 64;

/** The tally at the end of the minute that began at `minute` (milliseconds since the epoch). */
export interface Snapshot {
  readonly minute: number;
  readonly tally: Tally;
}

/** `points` steps in a row, the last of them the one that is under way. */
export interface HistoryRange {
  readonly stepMs: number;
  readonly points: number;
}

/** The ranges that a dashboard shows, each within what is kept at its resolution. */
export const HISTORY_RANGES = {
  hour: { stepMs: MINUTE_MS, points: 60 },
  day: { stepMs: HOUR_MS, points: 24 },
  month: { stepMs: DAY_MS, points: 30 },
} as const satisfies Record<string, HistoryRange>;

export type RangeName = keyof typeof HISTORY_RANGES;

export const floorTo = (time: number, stepMs: number): number => Math.floor(time / stepMs) * stepMs;

/**
 * The minutes of the snapshots that may go: all but the last of each hour, day or, long ago, of all time. Which hour or day
 * counts as old is decided for it as a whole, so the order in which snapshots were left out makes no difference.
 * @param minutes In any order.
 */
export function surplusMinutes(minutes: readonly number[], now: number): number[] {
  const minutesFrom = floorTo(now - MINUTES_KEPT_MS, HOUR_MS);
  const hoursFrom = floorTo(now - HOURS_KEPT_MS, DAY_MS);
  const daysFrom = floorTo(now - DAYS_KEPT_MS, DAY_MS);
  const group = (minute: number): string => {
    if (minute >= minutesFrom) return `minute ${minute}`;
    if (minute >= hoursFrom) return `hour ${floorTo(minute, HOUR_MS)}`;
    // The last of the long past stays: what came after it is counted from there.
    return minute >= daysFrom ? `day ${floorTo(minute, DAY_MS)}` : "past";
  };
  const last = new Map<string, number>();
  for (const minute of minutes) last.set(group(minute), Math.max(minute, last.get(group(minute)) ?? minute));
  return minutes.filter((minute) => last.get(group(minute)) !== minute);
}

/** When each step of a range begins, the oldest first. Steps begin at full minutes, hours and days of UTC. */
export function stepStarts({ stepMs, points }: HistoryRange, now: number): number[] {
  const last = floorTo(now, stepMs);
  return Array.from({ length: points }, (_, i) => last - (points - 1 - i) * stepMs);
}

/**
 * What happened in each step of a range.
 * @param snapshots In the order of time; the last one is the tally as it is now.
 */
export function seriesOf(snapshots: readonly Snapshot[], range: HistoryRange, now: number): Tally[] {
  const starts = stepStarts(range, now);
  let next = 0;
  // The first snapshot ever taken is the state before anything was counted.
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
