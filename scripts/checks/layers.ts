/**
 * In `src/`, imports, also of types, point to lower layers only and form no cycle. Only the upper layers may import protocol
 * packages. The linter ignores imports of types.
 */

/** The layers, lowest first. Folders on the same line may not import each other. */
const LAYERS: readonly (readonly string[])[] = [
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

/** The lowest layer that may import each protocol package: the objects and everything below them are independent of protocols. */
const PROTOCOLS: Readonly<Record<string, string>> = {
  "@modelcontextprotocol": "author",
  hono: "http/edge",
  jose: "http/access",
};

/** The only file outside `src/` that may be imported. */
const OUTSIDE = "package.json";

interface Place {
  readonly layer: number;
  readonly folder: string;
}

/** @param sources Text of each file by its path, `src/…`. Returns one line for each import that breaks a rule. */
export function layerProblems(sources: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  const graph = new Map<string, readonly string[]>();
  for (const [file, source] of sources) {
    const from = placeOf(file);
    if (from === null) {
      problems.push(`no layer: ${file} is in no folder that scripts/checks/layers.ts lists; add the folder to LAYERS`);
      continue;
    }
    const targets: string[] = [];
    for (const specifier of specifiersOf(source)) {
      if (!specifier.startsWith(".")) {
        problems.push(...protocolProblems(file, from, specifier));
        continue;
      }
      const target = new URL(specifier, `file:///${file}`).pathname.slice(1);
      if (target === OUTSIDE) continue;
      targets.push(target);
      problems.push(...directionProblems(file, from, target, sources));
    }
    graph.set(file, targets);
  }
  return [...problems, ...circlesIn(graph)];
}

function placeOf(file: string): Place | null {
  for (
    let folder = file.split("/").slice(1, -1).join("/") || ".";
    ;
    folder = folder.slice(0, folder.lastIndexOf("/"))
  ) {
    const layer = layerOf(folder);
    // An unlisted folder belongs to its parent, except directly in `src/`.
    if (layer >= 0) return { layer, folder };
    if (!folder.includes("/")) return null;
  }
}

const layerOf = (folder: string): number => LAYERS.findIndex((folders) => folders.includes(folder));

/** Specifiers of imports and exports: types or values, static or dynamic. The formatter ensures double quotes. */
const specifiersOf = (source: string): string[] =>
  [...source.replace(/^\s*(?:\*|\/\/).*$/gm, "").matchAll(/\b(?:from|import)\s*\(?\s*"([^"]+)"/g)].map(
    ([, specifier]) => specifier as string,
  );

function protocolProblems(file: string, from: Place, specifier: string): string[] {
  const lowest = PROTOCOLS[specifier.split("/")[0] as string];
  if (lowest === undefined || from.layer >= layerOf(lowest)) return [];
  return [`protocol: ${file} imports ${specifier}, which no folder below src/${lowest} may know`];
}

function directionProblems(file: string, from: Place, target: string, sources: ReadonlyMap<string, string>): string[] {
  const to = sources.has(target) ? placeOf(target) : null;
  if (to === null)
    return [`unknown: ${file} imports ${target}, which is not a file of a folder in LAYERS; write its full name`];
  return to.layer < from.layer || to.folder === from.folder ? [] : [`upward: ${file} imports ${target}`];
}

function circlesIn(graph: ReadonlyMap<string, readonly string[]>): string[] {
  const circles: string[] = [];
  const state = new Map<string, "open" | "done">();
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === "done") return;
    if (state.get(file) === "open") {
      circles.push(`circle: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
      return;
    }
    state.set(file, "open");
    for (const target of graph.get(file) ?? []) visit(target, [...path, file]);
    state.set(file, "done");
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}
