export const median = (numbers: readonly number[]): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2;
};

/** To three significant digits, which is more than a shared machine can tell. */
export const rounded = (n: number): number => (Number.isFinite(n) ? Number(n.toPrecision(3)) : 0);

/** The value below which the share `p` of the numbers lies, between two of them by proportion. */
export function quantile(numbers: readonly number[], p: number): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * p;
  const [below = Number.NaN, above = below] = [sorted[Math.floor(at)], sorted[Math.ceil(at)]];
  return below + (above - below) * (at - Math.floor(at));
}

/** How often a random one of `these` is greater than a random one of `those`; ties count half. 0.5: nothing tells them apart. */
export function probabilityOfGreater(these: readonly number[], those: readonly number[]): number {
  let wins = 0;
  for (const one of these) for (const other of those) wins += one > other ? 1 : one === other ? 0.5 : 0;
  return wins / (these.length * those.length);
}
