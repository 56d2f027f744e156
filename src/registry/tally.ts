/** What a registry shard counts, from its creation on. Counts never decrease. */
export const TALLY_FIELDS = ["opened", "ended", "expired", "deleted", "dropped", "refused"] as const;

/**
 * `opened`: contexts that began. `ended`: by `end_session` or an operator. `expired`: idle too long. `deleted`: by
 * `DELETE /mcp`. `dropped`: the audit found a row without a context. `refused`: by the quota.
 * Exact at any moment: opened − ended − expired − deleted − dropped = live contexts.
 */
export type Tally = Readonly<Record<(typeof TALLY_FIELDS)[number], number>>;

/** Why a context ended. `dropped`: unknown; the audit found its row without a context. */
export type EndReason = "ended" | "expired" | "deleted" | "dropped";

export const NO_TALLY: Tally = { opened: 0, ended: 0, expired: 0, deleted: 0, dropped: 0, refused: 0 };

const combine = (a: Tally, b: Tally, how: (x: number, y: number) => number): Tally =>
  Object.fromEntries(TALLY_FIELDS.map((field) => [field, how(a[field], b[field])])) as unknown as Tally;

export const addTallies = (a: Tally, b: Tally): Tally => combine(a, b, (x, y) => x + y);

export const subtractTallies = (a: Tally, b: Tally): Tally => combine(a, b, (x, y) => x - y);
