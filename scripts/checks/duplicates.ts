/** Finds duplicated lines. Ignores imports, comments and lists of names, which repeat without being copies. */

/** Minimum length of a reported copy, in lines of code. */
const LINES = 6;

interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

/** @param sources Text of each file by its path. Returns one line for each duplicate. */
export function duplicateProblems(sources: ReadonlyMap<string, string>): string[] {
  const firstSeen = new Map<string, readonly Line[]>();
  const problems: string[] = [];
  for (const [file, source] of sources) {
    const lines = codeLines(file, source);
    let reportedUpTo = 0;
    for (let start = 0; start + LINES <= lines.length; start++) {
      const run = lines.slice(start, start + LINES);
      const key = run.map(({ text }) => text).join("\n");
      const first = firstSeen.get(key);
      if (first === undefined) {
        firstSeen.set(key, run);
      } else if (start >= reportedUpTo) {
        reportedUpTo = start + LINES;
        problems.push(`copy: ${placeOf(run)} repeats ${placeOf(first)}; move the shared lines into one function`);
      }
    }
  }
  return problems;
}

const placeOf = ([first]: readonly Line[]): string => `${first?.file}:${first?.number}`;

const IMPORT = /^(?:import|export)\b[^;=()]*\bfrom "[^"]+"( with \{[^}]*\})?;$/gm;
const COMMENT = /^\s*(?:\/\*[\s\S]*?\*\/|\/\/.*)$/gm;
/** An entry of a list, or of an object in shorthand notation. */
const NAME = /^"?[\w$.-]+"?,$/;

function codeLines(file: string, source: string): Line[] {
  const blank = (text: string) => text.replace(/[^\n]/g, "");
  return source
    .replace(COMMENT, blank)
    .replace(IMPORT, blank)
    .split("\n")
    .map((line, index) => ({ file, number: index + 1, text: line.trim() }))
    .filter(({ text }) => text !== "" && !NAME.test(text));
}
