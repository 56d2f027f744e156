/**
 * `npm run check:names`: a name exported from a file in `src/` must not be declared at the top level of any other file, so that
 * each name means one thing. Prints every violation.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const DECLARATION =
  /^(export )?(?:default )?(?:abstract |async )*(?:const|let|function|class|type|interface|enum) (\w+)/gm;

const declared = new Map<string, { readonly files: string[]; exported: boolean }>();
for (const file of readdirSync("src", { recursive: true, encoding: "utf8" }).sort()) {
  if (!/\.tsx?$/.test(file)) continue;
  for (const [, exported, name] of readFileSync(join("src", file), "utf8").matchAll(DECLARATION)) {
    const uses = declared.get(name as string) ?? { files: [], exported: false };
    uses.files.push(`src/${file}`);
    uses.exported ||= exported !== undefined;
    declared.set(name as string, uses);
  }
}

const shared = [...declared].filter(([, { files, exported }]) => exported && new Set(files).size > 1);
for (const [name, { files }] of shared) console.error(`${name} is declared in ${files.join(", ")}. Rename all but one`);
console.log(`${declared.size} names, ${shared.length} of them exported and declared twice`);
process.exitCode = shared.length === 0 ? 0 : 1;
