/** A CPU profile as tables: by kind of work, by function alone, and by function with what it calls. */
import type { CpuProfile, ProfileNode } from "./inspector.ts";

const GROUPS: readonly (readonly [RegExp, string])[] = [
  [/^node_modules\/zod\//, "zod"],
  [/^node_modules\/hono\//, "Hono"],
  [/^node_modules\/@modelcontextprotocol\//, "SDK"],
  [/^node_modules\/(ajv|@cfworker|json-schema)/, "JSON schema validator"],
  [/^node_modules\/agents\//, "agents"],
  [/^node_modules\//, "other packages"],
  [/^src\/http\//, "src/http"],
  [/^src\/mcp\//, "src/mcp"],
  [/^src\/session\//, "src/session"],
  [/^src\//, "src, rest"],
];
const NOT_BUSY = new Set(["(idle)", "(root)"]);

export function summarise(
  { nodes, samples, timeDeltas }: CpuProfile,
  sourceOf: (line: number) => string,
  operations: number,
): string {
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const parents = new Map(nodes.flatMap((node) => (node.children ?? []).map((child) => [child, node.id] as const)));
  const label = ({ callFrame: { functionName, url, lineNumber } }: ProfileNode) =>
    url === ""
      ? functionName || "(native)"
      : `${functionName || "(anonymous)"}  ${sourceOf(lineNumber)}:${lineNumber + 1}`;
  const group = ({ callFrame: { functionName, url, lineNumber } }: ProfileNode): string => {
    if (functionName.startsWith("(")) return functionName;
    if (url === "") return "native functions";
    const path = sourceOf(lineNumber);
    return GROUPS.find(([pattern]) => pattern.test(path))?.[1] ?? path;
  };
  const self = new Map<string, number>();
  const groups = new Map<string, number>();
  const inclusive = new Map<string, number>();
  let busy = 0;
  const add = (map: Map<string, number>, key: string, time: number) => map.set(key, (map.get(key) ?? 0) + time);
  for (const [index, id] of samples.entries()) {
    const node = byId.get(id);
    const time = timeDeltas[index] ?? 0;
    if (node === undefined || NOT_BUSY.has(node.callFrame.functionName)) continue;
    busy += time;
    add(self, label(node), time);
    add(groups, group(node), time);
    const stack = new Set<string>();
    for (let at: ProfileNode | undefined = node; at !== undefined; at = byId.get(parents.get(at.id) ?? -1))
      stack.add(label(at));
    for (const name of stack) add(inclusive, name, time);
  }
  const table = (title: string, map: Map<string, number>, rows: number) =>
    [`\n${title}`]
      .concat(
        [...map]
          .sort((a, b) => b[1] - a[1])
          .slice(0, rows)
          .map(
            ([name, time]) =>
              `${((time / busy) * 100).toFixed(1).padStart(6)} %  ${(time / operations).toFixed(0).padStart(5)} µs  ${name}`,
          ),
      )
      .join("\n");
  return [
    `Busy in JavaScript: ${(busy / operations).toFixed(0)} µs per operation`,
    table("By kind of work (own time)", groups, 20),
    table("By function (own time)", self, 40),
    table("By function (with what it calls)", inclusive, 90),
  ].join("\n");
}
