/**
 * `npm run fuzz:objects -- --rounds 5000 --seed 1`: rounds of concurrent calls on a few sessions under injected faults. Each round
 * is checked against the calls that were made. A failing round prints its seed; timing is not part of the seed, so reproducing it
 * may take a few runs: `--rounds 1 --seed N`.
 */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5000" }, seed: { type: "string", default: "1" } },
});
for (const [name, value] of Object.entries(values)) {
  if (/^\d+$/.test(value)) continue;
  console.error(`--${name} "${value}" must be a whole number`);
  process.exit(2);
}
const env = { ...process.env, FUZZ_ROUNDS: values.rounds, FUZZ_SEED: values.seed };
const { status } = spawnSync("vitest", ["run", "--project", "workerd", "test/objects/concurrent.test.ts"], {
  stdio: "inherit",
  env,
});
process.exitCode = status ?? 1;
