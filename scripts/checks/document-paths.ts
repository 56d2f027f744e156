/** Checks that paths and links in documents lead to an existing file, folder or heading. */

/** The files that a document can refer to. Paths are relative to the root of the repository. */
export interface Tree {
  /** Text of each document by its path. */
  readonly documents: ReadonlyMap<string, string>;
  /** Whether a path, which may be a glob, matches a file or folder. */
  exists(pattern: string): boolean;
}

const FOLDERS = "src|test|scripts|bench|docs|examples|browser|\\.ci";
/** Relative to the root of the repository; the suffix of a test may be omitted: `test/unit`, `src/http/*.ts`. */
const PATH = new RegExp(`(?<![\\w./@:-])(?:${FOLDERS})/[\\w.*/{},-]*[\\w*/}]`, "g");
const IS_FROM_ROOT = new RegExp(`^(?:${FOLDERS})/`);
/** Relative to `src/`: `session/limits.ts`. */
const FILE_OF_SRC = /(?<![\w./@:-])[\w*-]+(?:\/[\w.*{},-]+)*\/[\w.*{},-]+\.tsx?\b/g;
const LINK = /\]\((?!\w+:)([^)#\s]*)(?:#([^)\s]+))?\)/g;

/** Returns one line for each path or link without a target. */
export function pathProblems(tree: Tree): string[] {
  const problems: string[] = [];
  for (const [document, text] of tree.documents) {
    for (const [index, line] of text.split("\n").entries()) {
      const place = `${document}:${index + 1}`;
      for (const path of missingPaths(line, tree)) problems.push(`${place} names ${path}, which does not exist`);
      for (const link of brokenLinks(document, line, tree))
        problems.push(`${place} links to ${link}, which does not exist`);
    }
  }
  return problems;
}

function missingPaths(line: string, { exists }: Tree): string[] {
  const fromRoot = (line.match(PATH) ?? []).filter((path) => !exists(path) && !exists(`${path}.test.ts`));
  const fromSrc = (line.match(FILE_OF_SRC) ?? []).filter((path) => !IS_FROM_ROOT.test(path) && !exists(`src/${path}`));
  // This repository has no Python: such a path belongs to the system that this one replaces.
  return [...fromRoot, ...fromSrc].filter((path) => !path.endsWith(".py"));
}

function* brokenLinks(document: string, line: string, { documents, exists }: Tree): Generator<string> {
  if (!document.endsWith(".md")) return;
  for (const [, file = "", heading] of line.matchAll(LINK)) {
    const target = file === "" ? document : new URL(file, `file:///${document}`).pathname.slice(1);
    if (!exists(target)) yield target;
    else if (
      heading !== undefined &&
      documents.has(target) &&
      !headingsOf(documents.get(target) as string).includes(heading)
    ) {
      yield `${target}#${heading}`;
    }
  }
}

/** The anchors that GitHub generates for headings. */
const headingsOf = (text: string): string[] =>
  [...text.replace(/^```[\s\S]*?^```/gm, "").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, "")
      .replace(/ /g, "-"),
  );
