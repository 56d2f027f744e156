/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { HISTORY_RANGES, type RangeName } from "../../../registry/history.ts";
import { shardNames } from "../../../registry/layout.ts";
import type { FromShard, Gathered } from "../../../registry/shard-calls.ts";
import type { ShardReport } from "../../../registry/shard-messages.ts";
import { type Region, regionOf } from "../../../registry/shard-of.ts";
import { addTallies, NO_TALLY, type Tally } from "../../../registry/tally.ts";
import { sessionsByRegion } from "../api/metrics.ts";
import type { SessionPageJson } from "../api/schemas.ts";
import { HistoryChart } from "./history-chart.tsx";
import { SessionTable } from "./session-table.tsx";
import { groupedNumber, refreshSeconds } from "./words.ts";

const REGION_NAMES: Record<Region | "unknown", string> = {
  wnam: "North America, west",
  enam: "North America, east",
  sam: "South America",
  weur: "Europe, west",
  eeur: "Europe, east",
  apac: "Asia-Pacific",
  oc: "Oceania",
  afr: "Africa",
  me: "Middle East",
  unknown: "Unknown",
};

interface LiveProps {
  /** Each report has the series of all ranges, in the order of `HISTORY_RANGES`. */
  readonly reports: Gathered<ShardReport>;
  readonly page: SessionPageJson;
  readonly isFirstPage: boolean;
  readonly now: number;
}

/** Everything on the dashboard that changes, in parts. The page replaces only the parts that have changed. */
export const LiveParts = ({ reports: { answers: reports, missing }, page, isFirstPage, now }: LiveProps) => {
  const total = reports.reduce((sum, { sessions }) => sum + sessions, 0);
  const ranges = Object.keys(HISTORY_RANGES) as RangeName[];
  return (
    <div id="parts" data-refresh-seconds={refreshSeconds(total)}>
      <div data-part="count" class="count">
        <p>
          <output id="count">{groupedNumber(total)}</output> active {total === 1 ? "session" : "sessions"}
          {missing.length > 0 && " on the shards that respond"}
        </p>
        {missing.length > 0 && (
          <p class="warning" role="alert" id="degraded">
            Degraded: {shardNames(missing)} not responding. Sessions there are missing from every figure on this page.
          </p>
        )}
      </div>
      <div data-part="sessions">
        <SessionTable page={page} now={now} isFirst={isFirstPage} />
      </div>
      <section data-part="history" aria-labelledby="history-title">
        <h2 id="history-title">History</h2>
        {ranges.map((range, i) => (
          <HistoryChart range={range} series={addSeries(reports.map(({ series }) => series[i] ?? []))} now={now} />
        ))}
      </section>
      <section data-part="places" aria-labelledby="places-title">
        <h2 id="places-title">Regions</h2>
        <Places reports={reports} missing={missing} />
      </section>
    </div>
  );
};

/** Adds up the series of all shards, step by step. */
const addSeries = (all: readonly (readonly Tally[])[]): Tally[] =>
  (all[0] ?? []).map((_, step) => all.map((series) => series[step] ?? NO_TALLY).reduce(addTallies, NO_TALLY));

interface PlacesProps {
  readonly reports: readonly FromShard<ShardReport>[];
  readonly missing: readonly number[];
}

const Places = ({ reports, missing }: PlacesProps) => {
  const regions = sessionsByRegion(reports).map(({ region, sessions }) => ({ name: REGION_NAMES[region], sessions }));
  const rows = [...reports, ...missing.map((shard) => ({ shard, sessions: null }))];
  const shards = rows
    .toSorted((a, b) => a.shard - b.shard)
    .map(({ shard, sessions }) => ({ name: `${shard} (${regionOf(shard)})`, sessions }));
  return (
    <div class="places">
      <Bars caption="By the region in which they began" rows={regions} />
      <details data-key="shards">
        <summary data-key="shards-summary">By shard of the registry</summary>
        <Bars caption="By shard" rows={shards} />
      </details>
    </div>
  );
};

/** `sessions` is null if unknown. */
interface BarRow {
  readonly name: string;
  readonly sessions: number | null;
}

const Bars = ({ caption, rows }: { caption: string; rows: readonly BarRow[] }) => {
  const most = Math.max(1, ...rows.map(({ sessions }) => sessions ?? 0));
  return (
    <table class="bars">
      <caption>{caption}</caption>
      <tbody>
        {rows.map(({ name, sessions }) => (
          <tr>
            <th scope="row">{name}</th>
            <td class="number">{sessions === null ? "no response" : groupedNumber(sessions)}</td>
            <td class="share">
              <svg viewBox="0 0 100 4" preserveAspectRatio="none" aria-hidden="true">
                <rect class="track" width={100} height={4} />
                <rect class="opened" width={(100 * (sessions ?? 0)) / most} height={4} />
              </svg>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
};
