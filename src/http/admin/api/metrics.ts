import { OperationTally } from "../../../registry/operations.ts";
import { addRegions, type RegionCounts } from "../../../registry/region-counts.ts";
import type { Gathered } from "../../../registry/shard-calls.ts";
import type { ShardReport } from "../../../registry/shard-messages.ts";
import { REGIONS } from "../../../registry/shard-of.ts";
import { addTallies, NO_TALLY } from "../../../registry/tally.ts";
import { OPERATIONS_FLUSH_MS } from "../../../settings/limits.ts";

/** https://prometheus.io/docs/instrumenting/exposition_formats/ */
export const METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8";

const PREFIX = "mcp_session_context";

interface Metric {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly { readonly labels?: Readonly<Record<string, string>>; readonly value: number }[];
}

/**
 * The registry's figures for Prometheus. There are no durations: on Workers the clock stands still while code computes.
 * While a shard is missing, totals over all shards are omitted: they would be wrong, and counters would fall.
 * @param counted Whether operation metrics are on and included in the reports.
 */
export function renderMetrics(reports: Gathered<ShardReport>, version: string, counted: boolean): string {
  const rendered = shardMetrics(reports, version).map(renderMetric);
  const complete = reports.missing.length === 0;
  if (complete) rendered.push(...totals(reports.answers).map(renderMetric));
  if (!counted) rendered.push(NOT_COUNTED);
  else if (complete) rendered.push(renderMetric(operationsOf(reports.answers)));
  return `${rendered.join("\n")}\n`;
}

function shardMetrics({ answers, missing }: Gathered<ShardReport>, version: string): Metric[] {
  const up = [...answers.map(({ shard }) => ({ shard, value: 1 })), ...missing.map((shard) => ({ shard, value: 0 }))];
  return [
    {
      name: "build_info",
      type: "gauge",
      help: "Always 1; the label tells the version.",
      samples: [{ labels: { version }, value: 1 }],
    },
    {
      name: "active_sessions",
      type: "gauge",
      help: "Active sessions by registry shard. The sum is exact if all shards are up.",
      samples: answers.map(({ shard, sessions }) => ({ labels: { shard: String(shard) }, value: sessions })),
    },
    {
      name: "shard_up",
      type: "gauge",
      help: "Whether the registry shard responded: 1, else 0.",
      samples: up
        .toSorted((a, b) => a.shard - b.shard)
        .map(({ shard, value }) => ({ labels: { shard: String(shard) }, value })),
    },
  ];
}

function totals(reports: readonly ShardReport[]): Metric[] {
  const tally = reports.map((report) => report.tally).reduce(addTallies, NO_TALLY);
  const reasons = ["ended", "expired", "deleted", "dropped"] as const;
  return [
    {
      name: "active_sessions_by_region",
      type: "gauge",
      help: "Active sessions by the region in which their context began.",
      samples: sessionsByRegion(reports).map(({ region, sessions }) => ({ labels: { region }, value: sessions })),
    },
    {
      name: "sessions_opened_total",
      type: "counter",
      help: "Contexts that began.",
      samples: [{ value: tally.opened }],
    },
    {
      name: "sessions_closed_total",
      type: "counter",
      help: "Contexts that have ended, by reason: ended (by a tool or an operator), expired (idle), deleted (DELETE /mcp), dropped (found gone by the audit).",
      samples: reasons.map((reason) => ({ labels: { reason }, value: tally[reason] })),
    },
    {
      name: "sessions_refused_total",
      type: "counter",
      help: "Contexts that a principal's quota refused.",
      samples: [{ value: tally.refused }],
    },
  ];
}

const NOT_COUNTED = `# ${PREFIX}_operations_total, tool calls by tool and outcome, is off: set OPERATION_METRICS to "on".`;

/** The only figure that is not exact, as its help text says: isolates report their counts with a delay. */
function operationsOf(reports: readonly ShardReport[]): Metric {
  const tally = new OperationTally();
  for (const { operations } of reports) for (const operation of operations) tally.add(operation);
  return {
    name: "operations_total",
    type: "counter",
    help: `Finished tool calls by tool and outcome: ok, or the kind of failure. Up to ${OPERATIONS_FLUSH_MS / 1000} seconds late; calls that an isolate has not reported when the platform stops it are lost.`,
    samples: tally.counts().map(({ tool, outcome, count }) => ({ labels: { tool, outcome }, value: count })),
  };
}

function renderMetric({ name, type, help, samples }: Metric): string {
  const full = `${PREFIX}_${name}`;
  const lines = samples.map(({ labels = {}, value }) => {
    const inner = Object.entries(labels).map(([label, text]) => `${label}="${escapeLabel(text)}"`);
    return `${full}${inner.length > 0 ? `{${inner.join(",")}}` : ""} ${value}`;
  });
  return [`# HELP ${full} ${help}`, `# TYPE ${full} ${type}`, ...lines].join("\n");
}

const escapeLabel = (text: string): string =>
  text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** Active sessions by the region that they began in, in the order of `REGIONS`. Includes regions without sessions. */
export function sessionsByRegion(parts: readonly { readonly byRegion: RegionCounts }[]) {
  const counts = addRegions(parts);
  return ([...REGIONS, "unknown"] as const).map((region) => ({ region, sessions: counts[region] ?? 0 }));
}
