/**
 * `npm run conformance`: runs everything that both revisions require of a server against the fixture server on the session
 * layer and, in the same run, on the SDK alone. Fails if a scored scenario does not pass on the session layer.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../library/local-server.ts";
import { type Check, listRequirements, REVISIONS, type Revision, runRequirements } from "./suite.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
// Servers end with this process by themselves.
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const SERVERS = {
  sessions: "test/conformance/wrangler.toml",
  bare: "test/conformance/wrangler.bare.toml",
};
type ServerName = keyof typeof SERVERS;
type Results = Readonly<Record<ServerName, Map<string, readonly Check[]>>>;

const SCENARIO_WIDTH = 46;
const RESULT_WIDTH = 24;

/** A scenario passes if something in it succeeded and nothing failed; the suite itself requires only the latter. */
const passes = (checks: readonly Check[]): boolean => count(checks, "SUCCESS") > 0 && count(checks, "FAILURE") === 0;

const count = (checks: readonly Check[], status: Check["status"]): number =>
  checks.filter((check) => check.status === status).length;

function describe(checks: readonly Check[]): string {
  const words = { SUCCESS: "ok", FAILURE: "failed", WARNING: "warned", SKIPPED: "skipped" } as const;
  const parts = (Object.keys(words) as (keyof typeof words)[]).flatMap((status) => {
    const number = count(checks, status);
    return number === 0 ? [] : [`${number} ${words[status]}`];
  });
  return `${passes(checks) ? "✓" : "✗"} ${parts.join(", ") || "nothing checked"}`;
}

function row(scenario: string, { sessions, bare }: Results): void {
  const cells = [sessions, bare].map((results) => describe(results.get(scenario) ?? []).padEnd(RESULT_WIDTH));
  console.log(`  ${scenario.padEnd(SCENARIO_WIDTH)}${cells.join("").trimEnd()}`);
}

/** @returns The scored scenarios that do not pass on the session layer. */
async function report(revision: Revision, results: Results): Promise<string[]> {
  const { scored, unscored } = await listRequirements(revision);
  if (scored.length === 0) throw new Error(`The suite lists nothing that ${revision} requires of a server`);
  console.log(`\n${revision.padEnd(SCENARIO_WIDTH + 2)}${"with sessions".padEnd(RESULT_WIDTH)}SDK alone`);
  for (const scenario of scored) row(scenario, results);
  console.log("  not scored:");
  for (const scenario of unscored) row(scenario, results);
  const passed = (name: ServerName) => scored.filter((scenario) => passes(results[name].get(scenario) ?? [])).length;
  const failed = scored.filter((scenario) => !passes(results.sessions.get(scenario) ?? []));
  for (const scenario of failed) {
    for (const { id, status, errorMessage } of results.sessions.get(scenario) ?? []) {
      if (status === "FAILURE") console.log(`  ${scenario}: ${id}: ${errorMessage}`);
    }
  }
  console.log(
    `  ${passed("sessions")} of ${scored.length} scored scenarios pass with sessions, ${passed("bare")} on the SDK alone`,
  );
  return failed;
}

const startedAt = Date.now();
const [sessions, bare] = await Promise.all(
  Object.values(SERVERS).map((config) => startServer({ config, vars: { LOG_LEVEL: "error" } })),
);
if (!sessions || !bare) throw new Error("Not every server has started");
let failures = 0;
for (const revision of REVISIONS) {
  const run = (name: ServerName, url: string) => runRequirements(revision, `${url}/mcp`, join(folder, revision, name));
  const results = await Promise.all([run("sessions", sessions.url), run("bare", bare.url)]);
  failures += (await report(revision, { sessions: results[0], bare: results[1] })).length;
}
const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
console.log(
  `\n${failures === 0 ? "Every scored scenario passes" : `${failures} scored scenarios fail`}, in ${seconds} s`,
);
await Promise.all([sessions.stop(), bare.stop()]);
process.exit(failures === 0 ? 0 : 1);
