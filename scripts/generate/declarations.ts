/** Reads compiled declarations (dist/*.d.ts), which the compiler writes in one form: a statement begins in column 0 with its keyword. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

export interface Declaration {
  readonly name: string;
  /** Without the doc comment's examples: they are checked by themselves. */
  readonly text: string;
  /** As the compiler wrote it, doc comment and examples included. */
  readonly source: string;
}

interface Module {
  readonly declarations: ReadonlyMap<string, string>;
  /** Names from other files, by the name that they have here. */
  readonly imports: ReadonlyMap<string, { readonly file: string; readonly name: string }>;
}

/** The exports of `entry`, and what their declarations name, directly or not; each ordered by name. */
export function readSurface(entry: string): { exported: Declaration[]; named: Declaration[] } {
  const modules = new Map<string, Module>();
  const load = (file: string): Module => {
    const module = modules.get(file) ?? readModule(file);
    modules.set(file, module);
    return module;
  };
  const seen = new Map<string, Declaration>();
  const visit = (file: string, name: string): void => {
    const { declarations, imports } = load(file);
    const from = imports.get(name);
    if (from !== undefined) {
      visit(from.file, from.name);
      return;
    }
    const source = declarations.get(name);
    const key = `${file}#${name}`;
    if (source === undefined || seen.has(key)) return;
    seen.set(key, { name, source, text: withoutExamples(source) });
    // A word before a colon is the name of a property.
    for (const [word] of withoutComments(source).matchAll(/\b[A-Za-z_$][\w$]*\b(?!\??:)/g)) visit(file, word);
  };
  const { imports } = load(entry);
  for (const { file, name } of imports.values()) visit(file, name);
  const all = [...seen.entries()].sort(([, a], [, b]) => (a.name < b.name ? -1 : 1));
  const isExport = ([key]: [string, Declaration]) =>
    [...imports.values()].some(({ file, name }) => `${file}#${name}` === key);
  const pick = (entries: [string, Declaration][]) => entries.map(([, declaration]) => declaration);
  return { exported: pick(all.filter(isExport)), named: pick(all.filter((row) => !isExport(row))) };
}

function readModule(file: string): Module {
  const declarations = new Map<string, string>();
  const imports = new Map<string, { file: string; name: string }>();
  for (const statement of statementsOf(readFileSync(file, "utf8"))) {
    const code = withoutComments(statement).trim();
    const [, list, from] = /^(?:import|export)(?: type)? \{([^}]*)\} from "(\.[^"]+)\.ts";/.exec(code) ?? [];
    if (list !== undefined && from !== undefined) {
      for (const [, name = "", alias] of list.matchAll(/(?:type )?([\w$]+)(?: as ([\w$]+))?/g)) {
        imports.set(alias ?? name, { file: join(dirname(file), `${from}.d.ts`), name });
      }
      continue;
    }
    const name = /^(?:export )?(?:declare )?(?:abstract )?(?:interface|type|class|function|const) ([\w$]+)/.exec(
      code,
    )?.[1];
    if (name !== undefined) declarations.set(name, (declarations.get(name) ?? "") + statement.trim());
  }
  return { declarations, imports };
}

/** Statements with the doc comments above them. */
function statementsOf(text: string): string[] {
  const lines = text.split("\n");
  const starts = lines.flatMap((line, i) =>
    /^(import|export|declare|interface|type|const) /.test(line) ? [commentAbove(lines, i)] : [],
  );
  return starts.map((start, i) => lines.slice(start, starts[i + 1]).join("\n"));
}

/** Where the doc comment of the statement in line `i` begins; `i` if it has none. */
function commentAbove(lines: readonly string[], i: number): number {
  if (!lines[i - 1]?.endsWith("*/")) return i;
  let start = i - 1;
  while (start > 0 && !lines[start]?.startsWith("/**")) start--;
  return start;
}

const withoutComments = (text: string): string => text.replace(/\/\*\*[\s\S]*?\*\//g, "");

/** Doc comments keep their words; an example ends with its comment. */
const withoutExamples = (text: string): string => text.replace(/\n *\* ?@example[\s\S]*?(?=\n *\*\/)/g, "");
