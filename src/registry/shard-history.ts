import { floorTo, HOUR_MS, MINUTE_MS, type Snapshot, surplusMinutes } from "./history.ts";
import type { Region } from "./shard-of.ts";
import { TALLY_FIELDS, type Tally } from "./tally.ts";

/** How many sessions began in each region. `unknown`: the request did not tell, or an earlier build registered the session. */
export type RegionCounts = Readonly<Partial<Record<Region | "unknown", number>>>;

/** A region of a session that was added, and of one that was removed; undefined where there was none. */
export interface RegionChange {
  readonly added?: string | null;
  readonly removed?: string | null;
}

type Row = Record<(typeof TALLY_FIELDS)[number] | "minute", number>;

type TotalRow = Row & { sessions: number; regions: string };

const COLUMNS = TALLY_FIELDS.join(", ");
const ADDED = TALLY_FIELDS.map((field) => `${field} = ${field} + ?`).join(", ");

/**
 * The tables behind a shard's count and history. The tally stands in the row that holds the number of sessions, so that
 * counting writes no row of its own; what history costs is a row for each minute in which something happened, and its
 * removal.
 */
export class ShardHistory {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** How many sessions are registered. One row read, however many they are. */
  sessions(): number {
    return this.#sql.exec<{ sessions: number }>("SELECT sessions FROM total").one().sessions;
  }

  /** Adds up to {@link sessions}. Regions without a session are left out. */
  byRegion(): RegionCounts {
    const { sessions, regions } = this.#total();
    const known: Record<string, number> = JSON.parse(regions);
    const unknown = sessions - Object.values(known).reduce((sum, n) => sum + n, 0);
    return unknown > 0 ? { ...known, unknown } : known;
  }

  tally(): Tally {
    return this.#current().tally;
  }

  /** Counts what happened at `now`. To be called in the transaction that makes it happen: then it is exact. */
  count(added: Partial<Tally>, now: number, region: RegionChange = {}): void {
    const { minute: before, regions } = this.#total();
    // A clock that was set back must not disturb the order of what is written.
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

  /** Counts a refusal, unless it repeats the one before: a caller whose answer was lost asks again. */
  countRefusal(key: string, now: number): void {
    if (this.#sql.exec("SELECT 1 FROM total WHERE last_refused = ?", key).toArray().length > 0) return;
    this.count({ refused: 1 }, now);
    this.#sql.exec("UPDATE total SET last_refused = ?", key);
  }

  /** All there is, in the order of time; the last is the tally as it is now. */
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
    // A statement takes at most 100 values.
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

/** The counts by region, as JSON, after `change`. Regions at 0 are left out. */
function changeRegions(regions: string, { added, removed }: RegionChange): string {
  if (added === removed) return regions;
  const counts: Record<string, number> = JSON.parse(regions);
  if (added) counts[added] = (counts[added] ?? 0) + 1;
  if (removed) counts[removed] = (counts[removed] ?? 0) - 1;
  return JSON.stringify(Object.fromEntries(Object.entries(counts).filter(([, sessions]) => sessions > 0)));
}
