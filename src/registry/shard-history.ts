import { floorTo, HOUR_MS, MINUTE_MS, type Snapshot, surplusMinutes } from "./history.ts";
import type { RegionCounts } from "./region-counts.ts";
import { TALLY_FIELDS, type Tally } from "./tally.ts";

/** The regions of a session that was added and of one that was removed. Undefined: no such session; null: region unknown. */
export interface RegionChange {
  readonly added?: string | null;
  readonly removed?: string | null;
}

type Row = Record<(typeof TALLY_FIELDS)[number] | "minute", number>;

type TotalRow = Row & { sessions: number; regions: string };

const COLUMNS = TALLY_FIELDS.join(", ");
const ADDED = TALLY_FIELDS.map((field) => `${field} = ${field} + ?`).join(", ");

/**
 * The tables of a shard's count and history. The tally is in the same row as the number of sessions, so it costs no
 * additional write. History costs one row written, and later deleted, per minute in which something happened.
 */
export class ShardHistory {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** The number of registered sessions. Always reads one row. */
  sessions(): number {
    return this.#sql.exec<{ sessions: number }>("SELECT sessions FROM total").one().sessions;
  }

  /** Sessions by region; adds up to {@link sessions}. Regions without a session are omitted. */
  byRegion(): RegionCounts {
    const { sessions, regions } = this.#total();
    const known: Record<string, number> = JSON.parse(regions);
    const unknown = sessions - Object.values(known).reduce((sum, n) => sum + n, 0);
    return unknown > 0 ? { ...known, unknown } : known;
  }

  tally(): Tally {
    return this.#current().tally;
  }

  /** Counts events at `now`. Call it in the transaction that makes the change, so that the counts stay exact. */
  count(added: Partial<Tally>, now: number, region: RegionChange = {}): void {
    const { minute: before, regions } = this.#total();
    // Minutes must not decrease, even if the clock was set back.
    const minute = Math.max(before, floorTo(now, MINUTE_MS));
    if (minute > before) {
      this.#sql.exec(`INSERT INTO history SELECT minute, ${COLUMNS} FROM total`);
      if (floorTo(minute, HOUR_MS) > floorTo(before, HOUR_MS)) this.#rollUp(now);
    }
    const { opened = 0, ended = 0, expired = 0, deleted = 0, dropped = 0 } = added;
    const sessions = opened - ended - expired - deleted - dropped;
    const values = TALLY_FIELDS.map((field) => added[field] ?? 0);
    this.#sql.exec(
      `UPDATE total SET sessions = sessions + ?, minute = ?, regions = ?, ${ADDED}`,
      ...[sessions, minute, changeRegions(regions, region), ...values],
    );
  }

  /** Counts a refusal, unless `key` is that of the previous one: a caller whose answer was lost retries. */
  countRefusal(key: string, now: number): void {
    if (this.#sql.exec("SELECT 1 FROM total WHERE last_refused = ?", key).toArray().length > 0) return;
    this.count({ refused: 1 }, now);
    this.#sql.exec("UPDATE total SET last_refused = ?", key);
  }

  /** All snapshots in chronological order, ending with the current tally. */
  snapshots(): Snapshot[] {
    const rows = this.#sql.exec<Row>("SELECT * FROM history ORDER BY minute").toArray();
    return [...rows.map(toSnapshot), this.#current()];
  }

  #rollUp(now: number): void {
    const minutes = this.#sql.exec<{ minute: number }>("SELECT minute FROM history").toArray();
    const surplus = surplusMinutes(
      minutes.map(({ minute }) => minute),
      now,
    );
    // An SQL statement takes at most 100 bound values.
    this.#sql.exec("DELETE FROM history WHERE minute IN (SELECT value FROM json_each(?))", JSON.stringify(surplus));
  }

  #current(): Snapshot {
    const { sessions: _, regions: __, ...row } = this.#total();
    return toSnapshot(row);
  }

  #total(): TotalRow {
    return this.#sql.exec<TotalRow>(`SELECT sessions, regions, minute, ${COLUMNS} FROM total`).one();
  }
}

const toSnapshot = ({ minute, ...tally }: Row): Snapshot => ({ minute, tally });

/** Applies a change to the counts by region, as JSON. Regions at 0 are omitted. */
function changeRegions(regions: string, { added, removed }: RegionChange): string {
  if (added === removed) return regions;
  const counts: Record<string, number> = JSON.parse(regions);
  if (added) counts[added] = (counts[added] ?? 0) + 1;
  if (removed) counts[removed] = (counts[removed] ?? 0) - 1;
  return JSON.stringify(Object.fromEntries(Object.entries(counts).filter(([, sessions]) => sessions > 0)));
}
