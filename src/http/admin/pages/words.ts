/** Formats times and numbers for pages. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Time elapsed, in its largest useful unit. Below a minute "just now": last accesses are stored to the minute. */
export function ago(ms: number): string {
  if (ms < MINUTE) return "just now";
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min ago`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ago`;
  return `${Math.floor(ms / DAY)} d ago`;
}

/** Time left, in its two largest units. */
export function timeLeft(ms: number): string {
  if (ms <= 0) return "none";
  if (ms < MINUTE) return `${Math.ceil(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.floor(ms / MINUTE)} min`;
  if (ms < 2 * DAY) return `${Math.floor(ms / HOUR)} h ${Math.floor((ms % HOUR) / MINUTE)} min`;
  return `${Math.floor(ms / DAY)} d ${Math.floor((ms % DAY) / HOUR)} h`;
}

const WHOLE = new Intl.NumberFormat("en-US");

export const groupedNumber = (n: number): string => WHOLE.format(n);

/** The smallest of 1, 2, 5, 10, 20, 50, … that is at least `n`: the end of an axis. */
export function axisEnd(n: number): number {
  for (let power = 1; ; power *= 10) {
    for (const factor of [1, 2, 5]) if (factor * power >= n) return factor * power;
  }
}

/** 14:00, in UTC like the steps of a history. */
export const clockTime = (time: number): string => new Date(time).toISOString().slice(11, 16);

/** 20 Nov */
export const dayOfMonth = (time: number): string =>
  new Date(time).toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" });

/**
 * Seconds between two refreshes of the page. Each reads every row of the registry, so a large one is refreshed less
 * often.
 */
export const refreshSeconds = (sessions: number): number => Math.min(600, Math.max(3, Math.round(sessions / 2000)));
