/**
 * `npm run bench:registry`: what one registry shard costs with 1,000, 10,000 and 100,000 rows. Rows are counted by the
 * cursors of the real object's own SQL. Times are measured from here, around loops inside the object, since its clock stands
 * still while it computes. The sizes take turns, so that other load on the machine affects all of them alike.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/library/local-server.ts";
import { type BenchRequest, CASES, type FillRequest, PER_PRINCIPAL, type Rows, SIZES } from "./cases.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "40" }, times: { type: "string", default: "200" } },
});
const rounds = Number(values.rounds);
/** Keeps register below the quota; from 1,000 on it would refuse and write nothing. */
const times = Math.min(Number(values.times), 1000 - PER_PRINCIPAL);

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "mcp-session-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const server = await startServer({ config: here("wrangler.toml"), persistTo: folder });

async function ask(path: string, body: BenchRequest | FillRequest): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${path} answers ${response.status}: ${await response.text()}`);
  return response.json();
}

for (const rows of SIZES) {
  console.log(`Filling a shard with ${rows} rows`);
  for (let from = 0; from < rows; from += 5000) {
    await ask("/fill", { rows, from, to: Math.min(from + 5000, rows), perPrincipal: PER_PRINCIPAL });
  }
}

const rowsOf = new Map<string, Rows>();
for (const { label, operation, principal } of CASES) {
  for (const rows of SIZES) {
    const measured = (await ask("/measure", { rows, operation, principal, times: 1 })) as Rows;
    rowsOf.set(`${label} ${rows}`, measured);
  }
}

const samples = new Map<string, number[]>();
for (let round = 0; round <= rounds; round++) {
  for (const { label, operation, principal } of CASES) {
    // Each size comes first, second and last equally often.
    for (let turn = 0; turn < SIZES.length; turn++) {
      const rows = SIZES[(round + turn) % SIZES.length] ?? 0;
      const startedAt = performance.now();
      await ask("/loop", { rows, operation, principal, times });
      const microseconds = ((performance.now() - startedAt) * 1000) / times;
      const key = `${label} ${rows}`;
      // The first round is a warm-up.
      if (round > 0) samples.set(key, [...(samples.get(key) ?? []), microseconds]);
    }
  }
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? 0;
const round2 = (number: number): number => Math.round(number * 100) / 100;

/** Microseconds of one operation, by round, without the round trip. */
function timesOf(label: string, rows: number): number[] {
  const wayThereAndBack = median(samples.get(`nothing ${rows}`) ?? []);
  return (samples.get(`${label} ${rows}`) ?? []).map((time) => time - wayThereAndBack);
}

const results = CASES.filter(({ operation }) => operation !== "nothing").map(({ label }) => ({
  operation: label,
  sizes: SIZES.map((rows) => {
    const small = timesOf(label, SIZES[0]);
    return {
      rows,
      rowsRead: rowsOf.get(`${label} ${rows}`)?.read ?? 0,
      rowsWritten: rowsOf.get(`${label} ${rows}`)?.written ?? 0,
      microseconds: round2(median(timesOf(label, rows))),
      // Within one round, so that both are measured in the same minute and under the same load.
      timeRatio: round2(median(timesOf(label, rows).map((time, round) => time / (small[round] ?? 0)))),
    };
  }),
}));

console.log(`\nPer operation: rows read / rows written / time, and time as a ratio to ${SIZES[0]} rows`);
console.log("".padEnd(28) + SIZES.map((rows) => `${rows} rows`.padStart(28)).join(""));
for (const { operation, sizes } of results) {
  const cells = sizes.map(
    ({ rowsRead, rowsWritten, microseconds, timeRatio }) =>
      `${rowsRead} / ${rowsWritten} / ${microseconds.toFixed(0)} µs  ×${timeRatio.toFixed(2)}`,
  );
  console.log(operation.padEnd(28) + cells.map((cell) => cell.padStart(28)).join(""));
}
const machine = { node: process.version, cpu: cpus()[0]?.model, cpus: cpus().length };
const report = { measuredAt: new Date().toISOString(), machine, rounds, times, perPrincipal: PER_PRINCIPAL, results };
writeFileSync(here("../results/registry.json"), `${JSON.stringify(report, null, 2)}\n`);
console.log("\nWritten to bench/results/registry.json");
process.exit();
