/**
 * Type-checks the examples: those in the doc comments of every export, and those of the texts for authors. Fails if an
 * export has no doc comment or no example that uses it, or if a method appears in none.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Declaration, readSurface } from "../generate/declarations.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Inside the package, so that it can import itself by name. */
const folder = join(root, ".examples");
const TEXTS = ["README.md", "docs/embedding.md"];
/** Declarations whose methods authors call. */
const CALLED = ["ServerSession", "TypedState", "SessionService"];

const faults: string[] = [];
const files = new Map<string, string>();

for (const declaration of readSurface(join(root, "dist/lib.d.ts")).exported) {
  const { name } = declaration;
  const examples = examplesOf(declaration);
  const code = examples.join("\n");
  if (!new RegExp(`\\b${name}\\b`).test(code)) faults.push(`${name} has no example that uses it`);
  for (const method of CALLED.includes(name) ? methodsOf(declaration) : []) {
    if (!code.includes(`.${method}(`)) faults.push(`${name}: no example calls ${method}`);
  }
  for (const [i, example] of examples.entries()) files.set(`${name}-${i}.ts`, example);
}
for (const text of TEXTS) {
  const blocks = [...readFileSync(join(root, text), "utf8").matchAll(/^```ts\n([\s\S]*?)^```$/gm)];
  for (const [i, [, code = ""]] of blocks.entries()) files.set(`${text.replace("/", "-")}-${i}.ts`, code);
}

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder);
for (const [file, code] of files) writeFileSync(join(folder, file), `${code}\nexport {};\n`);
const options = { noUnusedLocals: false, noUnusedParameters: false, types: ["@cloudflare/workers-types"] };
const tsconfig = { extends: "../tsconfig.json", compilerOptions: options, include: ["*.ts"] };
writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(tsconfig));
try {
  execFileSync("tsc", ["-p", folder], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
} catch (error) {
  faults.push(String((error as { stdout?: unknown }).stdout));
}

for (const fault of faults) console.error(fault);
process.exitCode = faults.length > 0 ? 1 : 0;

function examplesOf({ source }: Declaration): string[] {
  const comment = /^\/\*\*[\s\S]*?\*\//.exec(source)?.[0] ?? "";
  const text = comment.replace(/^ \* ?/gm, "");
  return [...text.matchAll(/@example\n```ts\n([\s\S]*?)```/g)].map(([, code = ""]) => code);
}

function methodsOf({ text }: Declaration): string[] {
  return [...text.matchAll(/^ {4}(\w+)(?:<[^(]*>)?\(/gm)].map(([, name = ""]) => name);
}
