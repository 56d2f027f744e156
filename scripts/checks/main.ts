/**
 * `npm run check:layers`, `check:duplicates` and `check:paths`: rules of this repository that the linter does not check. Each
 * prints one line per problem and checks the current directory.
 */
import { globSync, readFileSync } from "node:fs";
import { pathProblems } from "./document-paths.ts";
import { duplicateProblems } from "./duplicates.ts";
import { layerProblems } from "./layers.ts";

const SOURCES = ["src/**/*.{ts,tsx}"];
/** Without CHANGELOG.md, which contains old file names. Comments in `src/` contain paths too. */
const DOCUMENTS = ["*.md", "docs/*.md", "examples/*/*.md", "wrangler.toml", ...SOURCES];

const CHECKS: Readonly<Record<string, () => string[]>> = {
  layers: () => layerProblems(textsOf(SOURCES)),
  duplicates: () => duplicateProblems(textsOf(SOURCES)),
  paths: () => pathProblems({ documents: textsOf(DOCUMENTS, ["CHANGELOG.md"]), exists }),
};

function textsOf(patterns: readonly string[], exclude: readonly string[] = []): Map<string, string> {
  const files = globSync(patterns, { exclude }).sort();
  if (files.length === 0) throw new Error(`No file matches ${patterns.join(", ")}: start this in the project's root`);
  return new Map(files.map((file) => [file, readFileSync(file, "utf8")]));
}

function exists(pattern: string): boolean {
  return globSync(pattern).length > 0;
}

const name = process.argv[2] ?? "";
const check = CHECKS[name];
if (check === undefined) throw new Error(`Check "${name}" is unknown: want ${Object.keys(CHECKS).join(", ")}`);
const problems = check();
for (const problem of problems) console.error(problem);
console.log(`check:${name} found ${problems.length} problems`);
process.exitCode = problems.length === 0 ? 0 : 1;
