/**
 * `npm run bench:cost`: the monthly bill for a number of sessions, from the counts in bench/results/compare.json and public prices.
 * `-- --sessions 1000000 --gets 19 --sets 1 --quiet 0.5 --hours 24 --latency 10`: sessions opened per month, gets and
 * further sets per session, the share of gets that are the first in their minute, the lifetime of a session in hours, and
 * the milliseconds for which an object is active per request.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { find, type Results } from "../compare/results.ts";
import { aligned } from "../library/aligned.ts";
import type { PeerName } from "../library/peers.ts";
import { dollarsOf, NOTHING, OBJECT_GB, PRICES, plus, type Usage } from "./prices.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000000" },
    gets: { type: "string", default: "19" },
    sets: { type: "string", default: "0" },
    quiet: { type: "string", default: "0.5" },
    hours: { type: "string", default: "24" },
    latency: { type: "string", default: "10" },
  },
});
const sessions = Number(values.sessions);
const results = JSON.parse(
  readFileSync(fileURLToPath(new URL("../results/compare.json", import.meta.url)), "utf8"),
) as Results;

const HOURS_PER_MONTH = 730;

type Era = "modern" | "legacy";

/** Usage of one call of an operation. */
function usageOf(peer: PeerName, era: Era | "none", operation: string): Usage {
  const cost = results.peers[peer]?.costs.find((one) => one.era === era && one.operation === operation);
  if (cost === undefined) return NOTHING;
  const measured = { get: "get", set: "set" }[operation.split(",")[0] ?? ""];
  const one = find(results.cases, { peer, era, operation: (measured ?? "open") as "get", connections: 16 });
  return {
    ...NOTHING,
    workerRequests: operation === "expiry" ? 0 : 1,
    // For the whole process, objects included: more than is billed, but the same for all peers.
    workerCpuMs: operation === "expiry" || operation === "initialize" ? 0 : (one?.cpuMicroseconds ?? 0) / 1000,
    objectRequests: cost.requests,
    durationGbSeconds: cost.requests * (Number(values.latency) / 1000) * OBJECT_GB,
    rowsWritten: cost.rowsWritten,
    rowsRead: cost.rowsRead,
  };
}

/** One session from its first message until it is deleted. */
function sessionUsage(peer: PeerName, era: Era): Usage {
  const costs = results.peers[peer]?.costs ?? [];
  const bytes = Math.max(
    0,
    ...Object.entries(costs.at(0)?.databaseBytes ?? {}).map(([name, size]) => (/Registry/.test(name) ? 0 : size)),
  );
  // The others never delete sessions; each session is charged for the month in which it began.
  const forever = peer !== "ours";
  const quiet = Number(values.quiet);
  let usage: Usage = {
    ...NOTHING,
    storageGbMonths: (bytes / 1e9) * (forever ? 1 : Number(values.hours) / HOURS_PER_MONTH),
  };
  if (era === "legacy") usage = plus(usage, usageOf(peer, era, "initialize"));
  usage = plus(usage, usageOf(peer, era, "first set"));
  usage = plus(usage, usageOf(peer, era, "get"), Number(values.gets) * quiet);
  usage = plus(usage, usageOf(peer, era, "get, again"), Number(values.gets) * (1 - quiet));
  usage = plus(usage, usageOf(peer, era, "set"), Number(values.sets));
  return plus(usage, usageOf(peer, "none", "expiry"));
}

const bills = [
  ["mcp-session-context, 2026-07-28", sessionUsage("ours", "modern")],
  ["mcp-session-context, 2025", sessionUsage("ours", "legacy")],
  ["SDK + Durable Object, 2026-07-28", sessionUsage("sdk-object", "modern")],
  ["McpAgent, 2025", sessionUsage("mcp-agent", "legacy")],
] as const;

const units = Object.keys(PRICES) as (keyof Usage)[];
const perMillion = (usage: Usage, unit: keyof Usage) => Math.round(usage[unit] * sessions * PRICES[unit] * 100) / 100;
console.log(
  `${values.sessions} sessions with a first set, ${values.gets} gets and ${values.sets} further sets each, in US dollars`,
);
console.log(
  aligned([
    ["what", ...bills.map(([label]) => label)],
    ...units.map((unit) => [unit, ...bills.map(([, usage]) => perMillion(usage, unit))]),
    ["together", ...bills.map(([, usage]) => Math.round(dollarsOf(usage) * sessions * 100) / 100)],
  ]),
);
console.log("\nA million calls");
const calls = ["first set", "get", "get, again", "set", "count", "tools/list"];
const dollars = (peer: PeerName, era: Era, operation: string) => {
  const usage = usageOf(peer, era, operation);
  return usage === NOTHING ? null : Math.round(dollarsOf(usage) * 1e6 * 100) / 100;
};
console.log(
  aligned([
    ["operation", ...bills.map(([label]) => label)],
    ...calls.map((operation) => [
      operation,
      dollars("ours", "modern", operation),
      dollars("ours", "legacy", operation),
      dollars("sdk-object", "modern", operation),
      dollars("mcp-agent", "legacy", operation),
    ]),
  ]),
);
