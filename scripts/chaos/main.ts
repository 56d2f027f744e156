/**
 * `npm run chaos`: a server under load from real clients is killed with SIGKILL at random moments and started again on
 * the same storage. In the end every acknowledged write must be there, nothing half-written, ended contexts gone, and the
 * count equal to the number of live sessions. Exit code 1 otherwise. Leaves no process and no file behind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Chaos } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "20" },
    sessions: { type: "string", default: "30" },
    people: { type: "string", default: "9" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    "idle-timeout": { type: "string", default: "6" },
  },
});

const folder = mkdtempSync(join(tmpdir(), "mcp-session-chaos-"));
// Runs on every exit. The handler that local-server.ts registered earlier has ended the server by then.
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

try {
  console.log(`Chaos with seed ${values.seed}: ${values.kills} kills, ${values.sessions} sessions`);
  const startedAt = Date.now();
  const report = await new Chaos({
    persistTo: join(folder, "state"),
    kills: Number(values.kills),
    sessions: Number(values.sessions),
    people: Number(values.people),
    seed: Number(values.seed),
    idleTimeoutSeconds: Number(values["idle-timeout"]),
    tell: (line) => console.log(`  ${line}`),
  }).run();
  const { kills, acknowledged, unacknowledged, verdicts, comparisons, problems } = report;
  const seconds = Math.round((Date.now() - startedAt) / 1000);
  console.log(`
kills           ${kills.length}
operations      ${acknowledged + unacknowledged}
acknowledged    ${acknowledged}
unacknowledged  ${unacknowledged}
reads judged    ${Object.values(verdicts).reduce((sum, n) => sum + n, 0)}
lost            ${verdicts.lost}
half-written    ${verdicts["half-written"]}
ended but read  ${verdicts.undead}`);
  for (const { when, count, live } of comparisons) {
    console.log(`count           ${count}, truth ${live} (${when})`);
  }
  for (const problem of problems) console.error(`PROBLEM  ${problem}`);
  console.log(
    problems.length === 0 ? `\nAs promised, in ${seconds} s` : `\n${problems.length} problems, in ${seconds} s`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
} catch (error) {
  console.error(error);
  process.exitCode = 1;
}
process.exit();
