import { OPERATIONS_FLUSH_MS } from "../../constants.ts";
import { OperationTally } from "../../registry/operations.ts";
import type { ShardReport } from "../../registry/session-registry.ts";
import { REGIONS, regionOf } from "../../registry/shard-of.ts";
import { addTallies, NO_TALLY } from "../../registry/tally.ts";

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
 * The figures of the registry for Prometheus. Of durations there are none: the clock stands still while code computes.
 * @param reports In the order of the shards, all of them.
 * @param counted Whether calls are counted, and in the reports.
 */
export function renderMetrics(reports: readonly ShardReport[], version: string, counted: boolean): string {
  const tally = reports.map((report) => report.tally).reduce(addTallies, NO_TALLY);
  const reasons = ["ended", "expired", "deleted", "dropped"] as const;
  const metrics: Metric[] = [
    {
      name: "build_info",
      type: "gauge",
      help: "Always 1; the label tells the version.",
      samples: [{ labels: { version }, value: 1 }],
    },
    {
      name: "active_sessions",
      type: "gauge",
      help: "Sessions that have a context, by registry shard and its region.",
      samples: reports.map(({ sessions }, shard) => ({
        labels: { shard: String(shard), region: regionOf(shard) },
        value: sessions,
      })),
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
      help: "Contexts that are over, by reason: ended (end_session or an operator), expired (idle), deleted (DELETE /mcp), dropped (found gone by the audit).",
      samples: reasons.map((reason) => ({ labels: { reason }, value: tally[reason] })),
    },
    {
      name: "sessions_refused_total",
      type: "counter",
      help: "Contexts that a principal's quota refused.",
      samples: [{ value: tally.refused }],
    },
  ];
  const rendered = metrics.map(renderMetric);
  rendered.push(counted ? renderMetric(operationsOf(reports)) : NOT_COUNTED);
  return `${rendered.join("\n")}\n`;
}

const NOT_COUNTED = `# ${PREFIX}_operations_total, tool calls by tool and outcome, is off: set OPERATION_METRICS to "on".`;

/** The one figure that is not exact, and says so: isolates report what they have counted some time after. */
function operationsOf(reports: readonly ShardReport[]): Metric {
  const tally = new OperationTally();
  for (const { operations } of reports) for (const operation of operations) tally.add(operation);
  return {
    name: "operations_total",
    type: "counter",
    help: `Tool calls that are over, by tool and outcome: ok, or why not. Up to ${OPERATIONS_FLUSH_MS / 1000} seconds late; what an isolate has not reported when the platform stops it is missing.`,
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

/** Active sessions by region, in the order of the regions; all of them, also where there are none. */
export const sessionsByRegion = (reports: readonly ShardReport[]): { region: string; sessions: number }[] =>
  REGIONS.map((region) => ({
    region,
    sessions: reports.reduce((sum, { sessions }, shard) => sum + (regionOf(shard) === region ? sessions : 0), 0),
  }));
