/**
 * `npm run check:layers`: imports in `src/` point down, types included, and none of them forms a circle. Prints each one that does
 * not. The linter does not see imports of types.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

/** The rooms of the house, the ground floor first. Rooms on one line do not know each other. */
const FLOORS: readonly (readonly string[])[] = [
  ["base"],
  ["model"],
  ["settings"],
  ["registry", "projects"],
  ["session"],
  ["call", "rpc"],
  ["author"],
  ["server"],
  ["http/edge"],
  ["http/access"],
  ["http/legacy", "http/admin"],
  ["http/mcp"],
  ["http"],
  ["."],
];

const root = resolve("src");
const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => /\.tsx?$/.test(file));

const floorOf = (file: string): { floor: number; room: string } => {
  const folder = dirname(file);
  for (let room = folder; ; room = dirname(room)) {
    const floor = FLOORS.findIndex((rooms) => rooms.includes(room));
    if (floor >= 0) return { floor, room };
    if (room === ".") throw new Error(`src/${file} is in no room that scripts/checks/layers.ts knows`);
  }
};

const importsOf = (file: string): string[] =>
  [...readFileSync(join(root, file), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.{1,2}\/[^"]+\.tsx?)"/g)].map(
    ([, specifier]) => relative(root, resolve(root, dirname(file), specifier as string)),
  );

const graph = new Map(files.map((file) => [file, importsOf(file).filter((target) => !target.startsWith(".."))]));
const problems: string[] = [];
for (const [file, targets] of graph) {
  const from = floorOf(file);
  for (const target of targets) {
    const to = floorOf(target);
    if (to.floor > from.floor || (to.floor === from.floor && to.room !== from.room)) {
      problems.push(`upward: src/${file} imports src/${target}`);
    }
  }
}

const state = new Map<string, "open" | "done">();
function visit(file: string, path: readonly string[]): void {
  if (state.get(file) === "done") return;
  if (state.get(file) === "open") {
    problems.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    return;
  }
  state.set(file, "open");
  for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
  state.set(file, "done");
}
for (const file of files) visit(file, []);

for (const problem of problems) console.error(problem);
console.log(`${files.length} files, ${problems.length} imports that point up or in a circle`);
process.exitCode = problems.length === 0 ? 0 : 1;
