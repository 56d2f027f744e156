import fc from "fast-check";
import { describe, expect, it } from "vitest";
import page from "../../docs/projects.md?raw";
import { describeFailure } from "../../src/author/describe-failure.ts";
import { type PathStyle, parseWorkingDirectory, splitPath } from "../../src/model/working-directory.ts";
import { ancestors, configRoot, discoveryKeys, nearest, rootKey } from "../../src/projects/discovery.ts";

interface Row {
  readonly form: string;
  readonly written: string;
  readonly refused: boolean;
  readonly outcome: string;
}

/** The rows of the table in docs/projects.md, one per spelling. */
function rows(): Row[] {
  const section = page.split("## How a directory may be written")[1]?.split("\n## ")[0] ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).flatMap((line) => {
    const [, form = "", written = "", outcome = ""] = line.split(/(?<!\\)\|(?= |$)/).map((cell) => cell.trim());
    const [path = ""] = code(outcome);
    return code(written).map((text) => ({
      form,
      written: text,
      refused: outcome.startsWith("refused"),
      outcome: path,
    }));
  });
}

/** The code spans of a table cell, in which `|` is escaped. */
const code = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text.replaceAll("\\|", "|"));

function parsed(text: string): string {
  const path = parseWorkingDirectory(text);
  if (!path.ok) throw new Error(`${JSON.stringify(text)}: ${path.failure}`);
  return path.value;
}

describe("the table of forms in docs/projects.md", () => {
  it("exists, with accepted and refused forms", () => {
    expect(rows().filter(({ refused }) => !refused).length).toBeGreaterThan(60);
    expect(rows().filter(({ refused }) => refused).length).toBeGreaterThan(40);
    expect(rows().every(({ outcome }) => outcome !== "")).toBe(true);
  });

  it.each(rows())("$form: $written is $outcome", ({ written, refused, outcome }) => {
    const expected = refused ? { ok: false, failure: outcome } : { ok: true, value: outcome };
    expect(parseWorkingDirectory(written)).toEqual(expected);
  });

  it.each(rows().filter(({ refused }) => refused))("$form: the refusal of $written explains what to write", (row) => {
    const path = parseWorkingDirectory(row.written);
    if (path.ok) throw new Error(path.value);
    const failure = { kind: "path_invalid", argument: "directory", fault: path.failure, path: row.written } as const;
    expect(describeFailure(failure)).toMatch(/pass|write|want/i);
  });

  it.each(rows().filter(({ refused }) => !refused))("$form: a config path may be $written", ({ written, outcome }) => {
    const separator = written.includes("/") ? "/" : "\\";
    const text = `${written.replace(/[\\/]$/, "")}${separator}.codebase-mcp${separator}config.json`;
    const place = configRoot(text);
    if (!place.ok) throw new Error(`${text}: ${place.failure}`);
    // Inside a path, POSIX keeps the end of a name and Windows drops it, so the directory is the same.
    expect(rootKey(place.value.root)).toBe(rootKey(outcome));
  });
});

/** All spellings of the directory with these names. Names contain no character with a special meaning in any of them. */
const FORMS: Record<PathStyle, readonly ((names: readonly string[]) => string)[]> = {
  posix: [
    (names) => `/${names.join("/")}`,
    (names) => `///${names.join("//")}/`,
    (names) => `/./${names.join("/./")}`,
    (names) => `/${names.map((name) => `gone/../${name}`).join("/")}`,
    (names) => `/${names.join("/").normalize("NFD")}`,
    (names) => `file:///${encoded(names)}`,
    (names) => `file:/${encoded(names)}`,
    (names) => `FILE://LocalHost/${encoded(names)}`,
    (names) => `file:///${encoded(names).normalize("NFD")}`,
  ],
  drive: [
    (names) => `C:\\${names.join("\\")}`,
    (names) => `c:/${names.join("/")}/`,
    (names) => `C:/${names.join("\\\\")}`.toUpperCase(),
    (names) => `C:\\${names.map((name) => `${name}. .`).join("\\")}`,
    (names) => `C:\\${names.join("\\").normalize("NFD")}`,
    (names) => `/c:/${names.join("/")}`,
    (names) => `/C:\\${names.join("\\")}`,
    (names) => `/c%3A/${encoded(names)}`,
    (names) => `\\\\?\\C:\\${names.join("\\")}`,
    (names) => `//?/C:/${names.join("/")}`,
    (names) => `\\\\.\\c:\\${names.join("\\")}`,
    (names) => `\\??\\C:\\${names.join("\\")}`,
    ...["", "/", "//", "///", "////", "/////", "//localhost/"].flatMap((slashes) => [
      (names: readonly string[]) => `file:${slashes}C:/${encoded(names)}`,
      (names: readonly string[]) => `file:${slashes}c%3A/${encoded(names)}`,
      (names: readonly string[]) => `file:${slashes}C|/${encoded(names)}`,
      (names: readonly string[]) => `file:${slashes}C:\\${names.map(encodeURIComponent).join("\\")}`,
      (names: readonly string[]) => `file:${slashes}${encodeURIComponent(`C:\\${names.join("\\")}`)}`,
    ]),
  ],
  unc: [
    (names) => `\\\\wsl$\\share\\${names.join("\\")}`,
    (names) => `\\\\WSL$\\Share/${names.join("/")}`,
    (names) => `\\\\wsl.localhost\\share\\${names.join("\\")}\\`,
    (names) => `\\\\\\\\wsl$\\\\share\\\\${names.join("\\\\")}`,
    (names) => `\\\\wsl$\\share .\\${names.map((name) => `${name} .`).join("\\")}`,
    (names) => `\\\\?\\UNC\\wsl$\\share\\${names.join("\\")}`,
    (names) => `\\\\?\\unc\\wsl$\\share\\${names.join("\\")}`.normalize("NFD"),
    (names) => `//?/UNC/wsl$/share/${names.join("/")}`,
    (names) => `file://wsl$/share/${encoded(names)}`,
    (names) => `file://wsl%24/share/${encoded(names)}`,
    (names) => `file://wsl.localhost/share/${encoded(names)}`,
    (names) => `file:////wsl$/share/${encoded(names)}`,
    (names) => `file://///wsl%24/share/${encoded(names)}`,
    (names) => `file:\\\\wsl$\\share\\${encoded(names)}`,
  ],
};

const encoded = (names: readonly string[]): string => names.map(encodeURIComponent).join("/");

const name = fc.oneof(
  fc.constantFrom("shop", "Bücher", "한국어", "が", "a b", "100%", "%41", "c#", "it's", "a.b", ".git"),
  fc.stringMatching(/^[a-z0-9_-]{1,6}$/),
);

describe.each(["posix", "drive", "unc"] as const)("a directory in %s style", (style) => {
  it("has one key in every spelling, and is found by each", () => {
    fc.assert(
      fc.property(fc.array(name, { maxLength: 6 }), (names) => {
        const paths = FORMS[style].map((form) => parsed(form(names)));
        const key = rootKey(paths[0] ?? "");
        for (const path of paths) {
          expect(splitPath(path)).toMatchObject({ ok: true, value: { style } });
          expect(rootKey(path)).toBe(key);
          expect(nearest(path, (at) => (at === key ? names : undefined))).toBe(names);
        }
      }),
      { numRuns: 200 },
    );
  });

  it("has another key than a different directory", () => {
    const lists = fc.array(fc.constantFrom("a", "b", "ü", "u", "a b"), { maxLength: 3 });
    fc.assert(
      fc.property(lists, lists, fc.nat(), (one, other, at) => {
        const form = FORMS[style][at % FORMS[style].length] ?? (() => "");
        const same = JSON.stringify(one) === JSON.stringify(other);
        expect(rootKey(parsed(form(one))) === rootKey(parsed(form(other)))).toBe(same);
      }),
    );
  });
});

/** Texts made of the pieces that decide how a path is read, in random order, most of them after something like a root. */
const start = fc.constantFrom(
  "",
  "/",
  "///",
  "C:\\",
  "/c:/",
  "\\\\",
  "\\\\nas\\a",
  "\\\\?\\",
  "file:/",
  "file://",
  "file:///",
  "file:////",
);
const pieces = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        "/",
        "//",
        "\\",
        "\\\\",
        "file:",
        "file://",
        "C:",
        "c%3A",
        "C|",
        "?",
        ".",
        "..",
        "~",
        "UNC",
        "%5C",
      ),
      fc.constantFrom("%2F", "%252F", "%3A", "|", "localhost", "wsl$", "wsl%24", "nas", "a", "a.", " ", "ü", "u\u0308"),
      fc.string({ maxLength: 3, unit: "binary" }),
    ),
    { maxLength: 14 },
  )
  .map((all) => all.join(""));
const anyText = fc.tuple(start, pieces).map(([root, text]) => root + text);

describe("arbitrary text", () => {
  it("is refused, or is an absolute path that reads the same again, and never climbs above its root", () => {
    let accepted = 0;
    fc.assert(
      fc.property(anyText, (text) => {
        const path = parseWorkingDirectory(text);
        if (!path.ok) return;
        accepted++;
        expect(parseWorkingDirectory(path.value)).toEqual(path);
        const parts = splitPath(path.value);
        if (!parts.ok) throw new Error(parts.failure);
        const { root } = parts.value;
        for (const ancestor of ancestors(path.value)) {
          expect(ancestor.startsWith(root)).toBe(true);
          expect(splitPath(ancestor)).toMatchObject({ ok: true, value: { root } });
        }
        expect(discoveryKeys(path.value)[0]).toBe(rootKey(path.value));
        expect(splitPath(rootKey(path.value)).ok).toBe(true);
      }),
      { numRuns: 20_000 },
    );
    expect(accepted).toBeGreaterThan(1000);
  });

  it("takes time in proportion to its length", () => {
    // A regular expression that backtracks needs minutes for these.
    for (const piece of [". ", "/", "\\", "/.", "/./", "a:"]) {
      for (const [start, end] of [
        ["C:\\", "x"],
        ["/", "c"],
        ["\\\\?\\", "x"],
        ["file:", "x"],
      ]) {
        parseWorkingDirectory(`${start}${piece.repeat(200_000)}${end}`);
      }
    }
  });
});

describe("composed and decomposed Unicode", () => {
  it("is one directory, and is shown as given", () => {
    const [composed, decomposed] = ["/home/m\u00fcller", "/home/mu\u0308ller"];
    expect(rootKey(composed)).toBe(rootKey(decomposed));
    expect(parsed(composed)).toBe(composed);
    expect(parsed(decomposed)).toBe(decomposed);
    expect(ancestors(`${decomposed}/src`)[1]).toBe(decomposed);
  });
});
