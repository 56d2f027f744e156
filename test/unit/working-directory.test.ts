import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PathFault } from "../../src/model/failure.ts";
import { joinPath, parseWorkingDirectory, splitPath } from "../../src/model/working-directory.ts";

const accepted: [string, string][] = [
  ["/", "/"],
  ["/home/me/project", "/home/me/project"],
  ["///home///me//", "/home/me"],
  ["/a/c:/b", "/a/c:/b"],
  ["/c:foo", "/c:foo"],
  ["/c%3Afoo", "/c%3Afoo"],
  ["C:\\a\\.\\b", "C:\\a\\b"],
  ["\\\\?\\C:\\x", "C:\\x"],
  ["file:///C:/a%5Cb", "C:\\a\\b"],
  ["/home/./me/.", "/home/me"],
  ["/home/me/../you", "/home/me/../you"],
  ["/with space/ünï/日本", "/with space/ünï/日本"],
  ["/back\\slash", "/back\\slash"],
  ["C:\\", "C:\\"],
  ["C:\\Users\\me\\", "C:\\Users\\me"],
  ["c:/Users//me/./x", "c:\\Users\\me\\x"],
  ["C:\\a\\..\\b", "C:\\a\\..\\b"],
  ["\\\\host\\share", "\\\\host\\share\\"],
  ["\\\\host\\share\\a\\\\b\\", "\\\\host\\share\\a\\b"],
  ["file:///home/me/a%20b", "/home/me/a b"],
  ["file:/home/me", "/home/me"],
  ["file://localhost/home/me", "/home/me"],
  ["file:///C:/Users/me", "C:\\Users\\me"],
  ["file:///c%3A/Users", "c:\\Users"],
  ["file://host/share/a", "\\\\host\\share\\a"],
  ["FILE:///x", "/x"],
];

const refused: [string, PathFault][] = [
  ["", "empty"],
  [" \t", "blank"],
  ["project", "relative"],
  ["./project", "relative"],
  ["~/project", "relative"],
  [" /home", "relative"],
  ["C:", "drive_without_root"],
  ["C:project", "drive_without_root"],
  ["\\\\host", "unc_without_share"],
  ["\\\\host\\", "unc_without_share"],
  ["\\\\..\\share", "unc_without_share"],
  ["/./c%3A/x", "posix_or_windows"],
  ["/a/../c:/x", "posix_or_windows"],
  ["/a/../c%3A/x", "posix_or_windows"],
  ["/a/../\\x", "posix_or_windows"],
  ["/~/../x", "relative"],
  ["\\\\?\\C:", "device_path"],
  ["\\\\?\\UNC\\?\\C:\\x", "unc_without_share"],
  ["\\\\.\\pipe\\x", "device_path"],
  ["\\relative", "relative"],
  ["/a\u0000b", "control_character"],
  ["/a\nb", "control_character"],
  ["/a\u007fb", "control_character"],
  ["file:///a%00b", "control_character"],
  ["/a\ud800b", "lone_surrogate"],
  ["file:///a%2Fb", "bad_file_uri"],
  ["file:///a%zz", "bad_file_uri"],
  ["file:///a?x=1", "bad_file_uri"],
  ["file:a", "bad_file_uri"],
  ["https://example.com/a", "other_scheme"],
  [`/${"a".repeat(4096)}`, "too_long"],
  [`/${"é".repeat(2048)}`, "too_long"],
];

describe("working directory", () => {
  it.each(accepted)("%j becomes %j", (text, path) => {
    expect(parseWorkingDirectory(text)).toEqual({ ok: true, value: path });
  });

  it.each(refused)("%j is refused as %s", (text, fault) => {
    expect(parseWorkingDirectory(text)).toEqual({ ok: false, failure: fault });
  });

  it("may have exactly 4,096 bytes", () => {
    expect(parseWorkingDirectory(`/${"a".repeat(4095)}`).ok).toBe(true);
  });

  const segment = fc.oneof(fc.constantFrom("", ".", "..", "a", "B c", "ü", "%41"), fc.string({ maxLength: 8 }));
  const anyPath = fc
    .tuple(
      fc.constantFrom("/", "//", "C:\\", "z:/", "\\\\h\\s\\", "file:///", "file:///C:/", "file://h/s/", "", "."),
      fc.array(segment, { maxLength: 8 }),
      fc.constantFrom("/", "\\"),
    )
    .map(([root, names, separator]) => root + names.join(separator));

  it("is idempotent when normalised again", () => {
    fc.assert(
      fc.property(anyPath, (text) => {
        const once = parseWorkingDirectory(text);
        if (once.ok) expect(parseWorkingDirectory(once.value)).toEqual(once);
      }),
      { numRuns: 2000 },
    );
  });

  it("never escapes its root, and keeps every name except empty ones and `.`", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("/", "C:\\", "\\\\host\\share\\"),
        fc.array(fc.stringMatching(/^(\.{0,2}|[.]{0,2}[a-z]{1,3})$/), { maxLength: 10 }),
        (root, more) => {
          const names = ["a", ...more];
          const path = parseWorkingDirectory(root + names.join(root === "/" ? "/" : "\\"));
          if (!path.ok) throw new Error(path.failure);
          expect(path.value.startsWith(root)).toBe(true);
          const parts = splitPath(path.value);
          if (!parts.ok) throw new Error(parts.failure);
          expect(parts.value.names).toEqual(names.filter((name) => name !== "" && name !== "."));
          expect(joinPath(parts.value)).toBe(path.value);
        },
      ),
    );
  });
});
