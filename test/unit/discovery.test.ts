import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type PathStyle, parseWorkingDirectory } from "../../src/model/working-directory.ts";
import { ancestors, configRoot, defaultConfigPath, isNearer, nearest, rootKey } from "../../src/projects/discovery.ts";

/** The root that discovery finds among `roots`, as written there. */
function found(directory: string, roots: readonly string[]): string | null {
  const byKey = new Map(roots.map((root) => [rootKey(root), root]));
  return nearest(directory, (key) => byKey.get(key));
}

const below = (levels: number): string => Array.from({ length: levels }, (_, i) => `/d${i}`).join("");

describe("discovery", () => {
  it("looks in 20 directories, the start included", () => {
    expect(ancestors(below(30))).toHaveLength(20);
    expect(found(below(30), [below(11)])).toBe(below(11));
    expect(found(below(30), [below(10)])).toBeNull();
    expect(found(below(19), ["/"])).toBe("/");
    expect(found(below(20), ["/"])).toBeNull();
  });

  it("begins at the start itself", () => {
    expect(found("/a/b", ["/a/b"])).toBe("/a/b");
    expect(found("/a/b", ["/a/b/c"])).toBeNull();
  });

  it("nearest wins, in whatever order the projects were registered", () => {
    expect(found("/a/b/c", ["/", "/a", "/a/b"])).toBe("/a/b");
    expect(found("/a/b/c", ["/a/b", "/a", "/"])).toBe("/a/b");
  });

  it("knows which of two directories above is nearer, in the case rules of the path's style", () => {
    expect(isNearer("/a/b", "/a", "/a/b/c")).toBe(true);
    expect(isNearer("/a", "/a/b", "/a/b/c")).toBe(false);
    expect(isNearer("/a", "/a", "/a/b/c")).toBe(false);
    expect(isNearer("c:\\A\\B", "C:\\a", "C:\\a\\b\\c")).toBe(true);
  });

  it("does not take a directory for a parent because its name is a prefix", () => {
    expect(found("/a/bc", ["/a/b"])).toBeNull();
  });

  it("stops at the root of the path's own style", () => {
    expect(ancestors("/")).toEqual(["/"]);
    expect(ancestors("/a/b")).toEqual(["/a/b", "/a", "/"]);
    expect(ancestors("C:\\a\\b")).toEqual(["C:\\a\\b", "C:\\a", "C:\\"]);
    expect(ancestors("\\\\host\\share\\a")).toEqual(["\\\\host\\share\\a", "\\\\host\\share\\"]);
    expect(ancestors("\\\\host\\share\\")).toEqual(["\\\\host\\share\\"]);
  });

  it("is case-sensitive in POSIX paths only", () => {
    expect(found("/Dev/App", ["/dev/app"])).toBeNull();
    expect(found("c:\\dev\\APP\\src", ["C:\\Dev\\App"])).toBe("C:\\Dev\\App");
    expect(found("\\\\NAS\\Data\\x", ["\\\\nas\\data\\"])).toBe("\\\\nas\\data\\");
    expect(found("C:\\äÖ", ["c:\\Äö"])).toBe("c:\\Äö");
  });

  it("compares UTF-16 units one by one, as Windows does: ß is not SS, ı is not I", () => {
    expect(rootKey("C:\\straße")).not.toBe(rootKey("C:\\STRASSE"));
    expect(rootKey("C:\\ı")).not.toBe(rootKey("C:\\I"));
    expect(rootKey("C:\\ﬁ")).not.toBe(rootKey("C:\\FI"));
  });

  it("walks up from the resolved path, never through a directory that .. leaves, never above the root", () => {
    expect(ancestors("/a/b/..")).toEqual(["/a", "/"]);
    expect(found("/a/b/..", ["/a/b"])).toBeNull();
    expect(found("/a/../b/c", ["/a", "/b"])).toBe("/b");
    expect(ancestors("/../..")).toEqual(["/"]);
    expect(ancestors("C:\\..\\a")).toEqual(["C:\\a", "C:\\"]);
    expect(ancestors("\\\\host\\share\\..\\a")).toEqual(["\\\\host\\share\\a", "\\\\host\\share\\"]);
    expect(rootKey("/a/x/..")).toBe(rootKey("/a"));
  });

  it("refuses to walk from a path that is not absolute", () => {
    expect(() => ancestors("a/b")).toThrow('Cannot walk up from "a/b"');
  });
});

/** A path in one spelling, and its names. */
interface Written {
  readonly names: readonly string[];
  readonly text: string;
}

const ROOTS: Record<PathStyle, string> = { posix: "/", drive: "C:\\", unc: "\\\\host\\share\\" };

/** Few and short names, so that trees overlap; more levels than discovery searches. */
const written = (style: PathStyle): fc.Arbitrary<Written> =>
  fc
    .record({
      // A name of dots alone is a valid name on POSIX, but not on Windows.
      names: fc.array(fc.constantFrom("a", "A", "b", "ab", style === "posix" ? "..." : ".ab"), { maxLength: 25 }),
      noise: fc.array(fc.constantFrom("", "", ".", "gone", "extra"), { minLength: 25, maxLength: 25 }),
      slash: fc.boolean(),
      tail: fc.boolean(),
    })
    .map(({ names, noise, slash, tail }) => {
      const separator = style === "posix" || (slash && style === "drive") ? "/" : "\\";
      const pieces = names.flatMap((name, i) => {
        if (noise[i] === "gone") return ["gone", "..", name];
        // Before the first name it would give two slashes, which is not a POSIX path.
        if (noise[i] === "extra" && i > 0) return ["", name];
        return noise[i] === "." ? [".", name] : [name];
      });
      return { names, text: ROOTS[style] + pieces.join(separator) + (tail ? separator : "") };
    });

/** Directory by directory, name by name, without keys or text. */
function naive(style: PathStyle, directory: readonly string[], roots: readonly Written[]): number | null {
  const same = (a: string, b: string) => (style === "posix" ? a === b : a.toLowerCase() === b.toLowerCase());
  for (let looked = 0; looked < 20 && looked <= directory.length; looked++) {
    const here = directory.slice(0, directory.length - looked);
    const at = roots.findIndex(
      ({ names }) => names.length === here.length && names.every((name, i) => same(name, here[i] ?? "")),
    );
    if (at >= 0) return at;
  }
  return null;
}

function normalised(text: string): string {
  const path = parseWorkingDirectory(text);
  if (!path.ok) throw new Error(`${text}: ${path.failure}`);
  return path.value;
}

describe.each(["posix", "drive", "unc"] as const)("discovery in random trees in %s style", (style) => {
  it("finds the same as a walk name by name", () => {
    let hits = 0;
    const tree = fc
      .record({
        directory: written(style),
        cuts: fc.array(fc.nat(30), { maxLength: 4 }),
        others: fc.array(written(style), { maxLength: 6 }),
      })
      .map(({ directory, cuts, others }) => {
        // Some roots above the directory, or there would rarely be anything to find.
        const above = cuts.map((cut) => {
          const names = directory.names.slice(0, cut);
          return { names, text: ROOTS[style] + names.join(style === "posix" ? "/" : "\\") };
        });
        return { directory, roots: [...others, ...above] };
      });
    fc.assert(
      fc.property(tree, ({ directory, roots }) => {
        const expected = naive(style, directory.names, roots);
        const byKey = new Map<string, readonly string[]>();
        for (const root of roots) byKey.set(rootKey(normalised(root.text)), root.names);
        const actual = nearest(normalised(directory.text), (key) => byKey.get(key));
        if (expected === null) expect(actual).toBeNull();
        else {
          hits++;
          expect(actual).toHaveLength(roots[expected]?.names.length ?? -1);
          expect(naive(style, actual ?? [], [roots[expected] as Written])).toBe(0);
        }
      }),
      { numRuns: 500 },
    );
    expect(hits).toBeGreaterThan(100);
  });
});

describe("the directory implied by a config path", () => {
  it.each([
    ["/a/b/.codebase-mcp/config.json", "/a/b"],
    ["/a/b/.workflow-mcp/config.json", "/a/b"],
    ["/.codebase-mcp/config.json", "/"],
    ["/a//b/./.codebase-mcp/config.json", "/a/b"],
    ["/a/x/../.codebase-mcp/config.json", "/a"],
    ["file:///a/b/.codebase-mcp/config.json", "/a/b"],
    ["C:\\a\\.codebase-mcp\\config.json", "C:\\a"],
    ["C:/a/.Codebase-MCP/CONFIG.json", "C:\\a"],
    ["\\\\host\\share\\.workflow-mcp\\config.json", "\\\\host\\share\\"],
  ])("of %s is %s", (path, root) => {
    expect(configRoot(path)).toMatchObject({ ok: true, value: { root } });
  });

  it.each([
    ["/a/config.json", "not_a_config"],
    ["/a/.codebase-mcp", "not_a_config"],
    ["/a/.codebase-mcp/config.json/x", "not_a_config"],
    ["/a/.codebase-mcp/settings.json", "not_a_config"],
    ["/a/.Codebase-mcp/config.json", "not_a_config"],
    ["/config.json", "not_a_config"],
    [".codebase-mcp/config.json", "relative"],
    ["", "empty"],
  ])("is refused for %j: %s", (path, failure) => {
    expect(configRoot(path)).toEqual({ ok: false, failure });
  });

  it("is the directory that has this default config path", () => {
    for (const root of ["/", "/a/b", "C:\\", "\\\\host\\share\\x"]) {
      expect(configRoot(defaultConfigPath(root))).toMatchObject({ ok: true, value: { root } });
    }
  });
});
