/**
 * `npm run fuzz:objects -- --rounds 5000 --seed 1`: rounds of concurrent calls on a few sessions, with everything around them going
 * wrong, each judged by what was called. A round that fails is named with its seed; moments are not part of it, so it may take a few
 * tries to see it again: `--rounds 1 --seed N`.
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
