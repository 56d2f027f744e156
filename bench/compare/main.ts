/**
 * `npm run bench`: compares this project with its alternatives, each in its own workerd. Prints tables and writes
 * bench/results/compare.json and docs/images/bench.svg. `-- --quick` runs one round, in three minutes instead of fifteen.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "../library/build.ts";
import { PEERS, type PeerName } from "../library/peers.ts";
import { median } from "../library/statistics.ts";
import { type RunningPeer, startPeer } from "../library/workerd.ts";
import { defaultGenerator, type Generator } from "../load/load.ts";
import { countCosts } from "../meter/count.ts";
import { casesOf } from "./cases.ts";
import { chartOf } from "./chart.ts";
import { goalsTable } from "./goals.ts";
import { caseResult, type PeerResult, type Results } from "./results.ts";
import { runRounds } from "./rounds.ts";
import { startupMs } from "./startup.ts";
import { tableOf } from "./table.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    rounds: { type: "string" },
    seconds: { type: "string", default: "1" },
    /** wrk if it is installed, else autocannon. */
    load: { type: "string", default: defaultGenerator() },
    /** Where objects are stored during the run: a folder on the disk to measure. */
    storage: { type: "string", default: tmpdir() },
    /** Suffix of the written files, such as "-memory". */
    suffix: { type: "string", default: "" },
    /** Write no files. */
    "dry-run": { type: "boolean", default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const generator = values.load as Generator;

const here = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(values.storage, "mcp-session-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));
const note = (text: string) => console.error(text);

note("Building");
const builds = Object.fromEntries(PEERS.map((peer) => [peer.name, build(peer, join(folder, "build", peer.name))]));
const modules = Object.fromEntries(Object.entries(builds).map(([name, { module }]) => [name, module]));

note("Start-up, and counting what operations cost");
const deployed = PEERS.filter(({ calls }) => calls === undefined);
const startups = new Map<PeerName, number[]>(deployed.map(({ name }) => [name, []]));
for (let round = 0; round < (values.quick ? 1 : 5); round++) {
  for (const peer of deployed) {
    const ms = startupMs(peer, folder);
    if (ms !== null) startups.get(peer.name)?.push(ms);
  }
}
const peers: Partial<Record<PeerName, PeerResult>> = {};
for (const peer of deployed) {
  const sizes = ({ sizeKiB, gzipKiB }: ReturnType<typeof build>) => ({ sizeKiB, gzipKiB });
  const started = startups.get(peer.name) ?? [];
  peers[peer.name] = {
    label: peer.label,
    bundle: sizes(builds[peer.name] as ReturnType<typeof build>),
    minified: sizes(build(peer, join(folder, "minified", peer.name), { minify: true })),
    startupMs: started.length === 0 ? null : median(started),
    costs: await countCosts(peer, modules, join(folder, "build", peer.name)),
  };
}

const servers: Record<string, RunningPeer> = {};
for (const peer of PEERS) {
  mkdirSync(join(folder, peer.name));
  servers[peer.name] = await startPeer(peer, { modules, folder: join(folder, peer.name) });
}
const groups = casesOf(values.quick ? [16] : [1, 16]);
const options = { servers, groups, generator, rounds, seconds: Number(values.seconds), onProgress: note };
const samples = await runRounds(options);
for (const server of Object.values(servers)) await server.stop();

const packages = JSON.parse(readFileSync(here("../package.json"), "utf8")) as { dependencies: Record<string, string> };
const results: Results = {
  measuredAt: new Date().toISOString(),
  machine: { cpu: cpus()[0]?.model ?? "unknown", cpus: cpus().length, node: process.version, load: generator },
  versions: { ...packages.dependencies, ...versionsOfTools() },
  rounds,
  seconds: options.seconds,
  peers,
  cases: groups.flat().map((one) => caseResult(one, samples)),
};
console.log(`${tableOf(results)}\n\n${goalsTable(results)}`);
if (!values["dry-run"]) {
  const { suffix } = values;
  writeFileSync(here(`../results/compare${suffix}.json`), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(
    here(`../../docs/images/bench${suffix}.svg`),
    chartOf(results, suffix === "" ? "local disk" : "memory disk"),
  );
  note(`Written: bench/results/compare${suffix}.json, docs/images/bench${suffix}.svg`);
}
process.exit();

function versionsOfTools(): Record<string, string> {
  const workerd = JSON.parse(readFileSync(here("../../node_modules/workerd/package.json"), "utf8")) as {
    version: string;
  };
  const commit = execFileSync("git", ["-C", here("../.."), "rev-parse", "--short", "HEAD"], {
    encoding: "utf8",
  }).trim();
  return { workerd: workerd.version, "mcp-session-context": commit };
}
