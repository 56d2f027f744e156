/**
 * `npm run bench:scale`: 1,000, 10,000 and 100,000 sessions opened, used, counted and left to expire, each on fresh
 * storage. Stops at the first count that is not exact. Calls the RPC entrypoint, since the objects are measured, and stores
 * in memory if possible, since the disk is not.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { aligned } from "../library/aligned.ts";
import { build } from "../library/build.ts";
import { peerOf } from "../library/peers.ts";
import { type ScaleStep, scaleStep } from "./step.ts";

const { values } = parseArgs({
  options: {
    sessions: { type: "string", default: "1000,10000,100000" },
    storage: { type: "string", default: existsSync("/dev/shm") ? "/dev/shm" : tmpdir() },
  },
});

const folder = mkdtempSync(join(values.storage, "mcp-session-scale-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => process.exit(1));

const modules = Object.fromEntries(
  (["ours", "service"] as const).map((name) => [name, build(peerOf(name), join(folder, "build", name)).module]),
);
const steps: ScaleStep[] = [];
for (const sessions of values.sessions.split(",").map(Number)) {
  const own = join(folder, String(sessions));
  mkdirSync(own);
  const opened = steps.at(-1)?.opensPerSecond ?? 100;
  steps.push(await scaleStep({ sessions, modules, folder: own, expectedPerSecond: opened, onProgress: console.error }));
  rmSync(own, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
}

const columns: readonly (readonly [string, (step: ScaleStep) => string | number])[] = [
  ["sessions", (step) => step.sessions],
  ["opens/s", (step) => step.opensPerSecond],
  ["gets/s", (step) => step.getsPerSecond],
  ["expiries/s", (step) => step.expiriesPerSecond],
  ["count p50 ms", (step) => step.countP50Ms],
  ["database bytes each", (step) => step.databaseBytesPerSession],
  ["registry bytes each", (step) => step.registryBytesPerSession],
  ["workerd MiB before", (step) => step.memoryBeforeMiB],
  ["workerd MiB most", (step) => step.memoryMostMiB],
  ["counts, all exact", (step) => step.countsChecked],
];
console.log(aligned([columns.map(([name]) => name), ...steps.map((step) => columns.map(([, of]) => of(step)))]));
const path = fileURLToPath(new URL("../results/scale.json", import.meta.url));
const workerd = JSON.parse(
  readFileSync(fileURLToPath(new URL("../../node_modules/workerd/package.json", import.meta.url)), "utf8"),
) as { version: string };
const machine = { cpu: cpus()[0]?.model, cpus: cpus().length, node: process.version, workerd: workerd.version };
writeFileSync(path, `${JSON.stringify({ measuredAt: new Date().toISOString(), machine, steps }, null, 2)}\n`);
console.error("Written: bench/results/scale.json");
process.exit();
