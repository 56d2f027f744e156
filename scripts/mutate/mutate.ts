/**
 * `npm run mutate`: breaks each listed guarantee on purpose, one at a time, in a copy of the working tree, and runs the tests that
 * must fail. `--list` prints the guarantees, `--only TEXT` selects those whose name contains it, `--check` only verifies that each
 * mutation still applies. Exit code 1: a mutation survived; 2: one does not apply, or its tests give no verdict.
 *
 * Why not Stryker: its vitest runner sets `pool: "threads"` for every project, so the tests no longer run in workerd.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, stripVTControlCharacters } from "node:util";
import { applyMutation, type Mutation } from "./mutation.ts";
import { MUTATIONS } from "./mutations.ts";
import { Sandbox, type Verdict } from "./sandbox.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const sourceOf = (file: string): string => (existsSync(join(root, file)) ? readFileSync(join(root, file), "utf8") : "");

const { values } = parseArgs({
  options: { only: { type: "string" }, list: { type: "boolean" }, check: { type: "boolean" } },
});
const chosen = MUTATIONS.filter(({ name }) => name.includes(values.only ?? ""));
if (chosen.length === 0) refuse([`--only "${values.only}" matches no name: see --list`]);
const faults = faultsOf(MUTATIONS);
if (faults.length > 0) refuse(faults);
if (values.list) for (const { name, file } of chosen) console.log(`${name}  (${file})`);
else if (values.check) console.log(`${MUTATIONS.length} mutations, each applies once`);
else process.exitCode = await run(chosen);

/** Faults of the list itself. */
function faultsOf(mutations: readonly Mutation[]): string[] {
  const names = mutations.map(({ name }) => name);
  const repeated = names.filter((name, at) => names.indexOf(name) !== at);
  return [
    ...repeated.map((name) => `"${name}" stands twice in the list: names must differ`),
    ...mutations.flatMap((mutation) => {
      const applied = applyMutation(sourceOf(mutation.file), mutation);
      const missing = mutation.tests.filter((test) => !existsSync(join(root, test)));
      return [
        ...(applied.ok ? [] : [applied.failure]),
        ...missing.map((test) => `"${mutation.name}" names ${test}, which does not exist`),
      ];
    }),
  ];
}

async function run(mutations: readonly Mutation[]): Promise<number> {
  const sandbox = new Sandbox(root);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.once(signal, () => {
      sandbox.close();
      process.exit(130);
    });
  }
  try {
    return await judge(sandbox, mutations);
  } finally {
    sandbox.close();
  }
}

async function judge(sandbox: Sandbox, mutations: readonly Mutation[]): Promise<number> {
  const files = [...new Set(mutations.flatMap(({ tests }) => tests))];
  // A test that fails without a mutation would count as having detected it.
  console.log(`Test files, first run without any mutation: ${files.length}`);
  const before = await sandbox.run(files);
  if (before.kind !== "passed") {
    return tellUnusable([
      `Without any mutation: ${before.kind === "failed" ? `"${before.test}" fails` : before.output}`,
    ]);
  }
  const survivors: string[] = [];
  const unusable: string[] = [];
  for (const mutation of mutations) {
    const startedAt = Date.now();
    const verdict = await sandbox.runMutated(mutation);
    const seconds = Math.round((Date.now() - startedAt) / 1000);
    console.log(`${mutation.name.padEnd(78)} ${String(seconds).padStart(4)} s  ${wordsOf(verdict)}`);
    if (verdict.kind === "passed") survivors.push(mutation.name);
    if (verdict.kind === "broken") unusable.push(`"${mutation.name}": ${stripVTControlCharacters(verdict.output)}`);
  }
  console.log(`\nMutations: ${mutations.length}, survived: ${survivors.length}, without verdict: ${unusable.length}`);
  for (const name of survivors) console.log(`survived: ${name}`);
  if (unusable.length > 0) return tellUnusable(unusable);
  return survivors.length > 0 ? 1 : 0;
}

function wordsOf(verdict: Verdict): string {
  switch (verdict.kind) {
    case "failed":
      return `seen by "${verdict.test}"`;
    case "passed":
      return "SURVIVED";
    case "broken":
      return "NO VERDICT: no test failed, but the run did not pass";
  }
}

function tellUnusable(lines: readonly string[]): 2 {
  for (const line of lines) console.error(line);
  return 2;
}

function refuse(lines: readonly string[]): never {
  process.exit(tellUnusable(lines));
}
