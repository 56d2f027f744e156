/**
 * Writes docs/api.md, the public surface as compiled: every export of the package, and every declaration that an export
 * mentions. With `--check` it compares instead, and fails if they differ.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { readSurface } from "./declarations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const file = join(root, "docs/api.md");

const { exported, named } = readSurface(join(root, "dist/lib.d.ts"));
const section = (declarations: typeof exported): string =>
  declarations.map(({ text }) => `\`\`\`ts\n${text}\n\`\`\`\n`).join("\n");
const report = `# Public surface

Written by \`npm run api\` from the compiled declarations; the gate fails while it differs from them. A change here is a change for users
of the package: make it on purpose, and say so in CHANGELOG.md.

## Exports

${section(exported)}
## Named by them, not exported

${section(named)}`;

if (!process.argv.includes("--check")) {
  writeFileSync(file, report);
} else if (readFileSync(file, "utf8") !== report) {
  console.error('The public surface differs from docs/api.md. If that is on purpose, run "npm run api" and commit it');
  process.exitCode = 1;
}
