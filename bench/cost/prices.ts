/** Public prices of Workers Paid in US dollars, read in November 2026, without what the plan includes. */
export const PRICES = {
  workerRequests: 0.3 / 1e6,
  workerCpuMs: 0.02 / 1e6,
  /** HTTP, RPC call, alarm, WebSocket that opens. */
  objectRequests: 0.15 / 1e6,
  /** A gigabyte-second; an object that works is billed as 128 MB. */
  durationGbSeconds: 12.5 / 1e6,
  rowsWritten: 1 / 1e6,
  rowsRead: 0.001 / 1e6,
  storageGbMonths: 0.2,
} as const;

export const OBJECT_GB = 0.128;

/** What an amount of work uses, in the units of the prices. */
export type Usage = Record<keyof typeof PRICES, number>;

export const NOTHING: Usage = {
  workerRequests: 0,
  workerCpuMs: 0,
  objectRequests: 0,
  durationGbSeconds: 0,
  rowsWritten: 0,
  rowsRead: 0,
  storageGbMonths: 0,
};

/** Adds `times` times `more` to `usage`. */
export function plus(usage: Usage, more: Usage, times = 1): Usage {
  const sum = { ...usage };
  for (const unit of Object.keys(PRICES) as (keyof Usage)[]) sum[unit] += more[unit] * times;
  return sum;
}

export const dollarsOf = (usage: Usage): number =>
  (Object.keys(PRICES) as (keyof Usage)[]).reduce((sum, unit) => sum + usage[unit] * PRICES[unit], 0);
