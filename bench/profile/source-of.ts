/** Which source file a line of a bundle comes from: esbuild writes its path above what it takes from it. */
import { readFileSync } from "node:fs";

export function sourcesOf(module: string): (line: number) => string {
  const starts: { line: number; path: string }[] = [];
  for (const [line, text] of readFileSync(module, "utf8").split("\n").entries()) {
    const path = /^\s*\/\/ (\S+\.(?:ts|js|mjs|cjs|json))$/.exec(text)?.[1];
    if (path !== undefined) starts.push({ line, path: path.replace(/^(\.\.\/)+/, "") });
  }
  return (line) => starts.findLast((start) => start.line <= line)?.path ?? "?";
}
