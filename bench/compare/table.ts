/** The results as text. */
import { aligned, type Cell } from "../library/aligned.ts";
import { type CaseResult, find, type PeerResult, type Results, ratioOf } from "./results.ts";

export function tableOf(results: Results): string {
  return [timesTable(results.cases), peersTable(results), costsTable(results)].join("\n\n");
}

/** Ours compared with each peer, in the same era if the peer supports it. McpAgent supports legacy only, the floor no MCP at all. */
function timesTable(cases: readonly CaseResult[]): string {
  const rows: Cell[][] = [
    [
      "operation",
      "conns",
      "sessions",
      "peer",
      "era",
      "ops/s",
      "p50 ms",
      "p99 ms",
      "CPU µs",
      "modern ÷ it",
      "legacy ÷ it",
    ],
  ];
  for (const one of cases) {
    const { operation, connections, sessions } = one;
    const ours = (era: "modern" | "legacy") => find(cases, { operation, connections, sessions, peer: "ours", era });
    rows.push([
      ...[operation, connections, sessions === 0 ? "new" : sessions, one.peer, one.era === "none" ? "–" : one.era],
      ...[one.perSecond, one.p50Ms, one.p99Ms, one.cpuMicroseconds],
      ...[times(ratioOf(ours("modern"), one)), times(ratioOf(ours("legacy"), one))],
    ]);
  }
  return `Operations (medians over the rounds; the last columns: ours in that era, in times of this row's ops/s)\n${aligned(rows)}`;
}

function peersTable({ peers }: Results): string {
  const rows: Cell[][] = [["peer", "bundle KiB", "gzip KiB", "minified gzip KiB", "start-up CPU ms"]];
  for (const { label, bundle, minified, startupMs } of Object.values(peers) as PeerResult[]) {
    rows.push([label, bundle.sizeKiB, bundle.gzipKiB, minified.gzipKiB, startupMs]);
  }
  return `Bundles\n${aligned(rows)}`;
}

function costsTable({ peers }: Results): string {
  const rows: Cell[][] = [["peer", "era", "operation", "object requests", "rows written", "asked"]];
  for (const { label, costs } of Object.values(peers) as PeerResult[]) {
    for (const { era, operation, requests, rowsWritten, calls } of costs) {
      const asked = Object.entries(calls).map(([name, count]) => (count === 1 ? name : `${count} × ${name}`));
      rows.push([label, era === "none" ? "–" : era, operation, requests, rowsWritten, asked.join(", ")]);
    }
  }
  return `Durable Object requests and rows written, counted\n${aligned(rows)}`;
}

const times = (ratio: number | null): string => (ratio === null ? "" : `${ratio} ×`);
