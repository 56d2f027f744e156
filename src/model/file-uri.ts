import { fail, ok, type PathFault, type Result } from "./failure.ts";

/** `C:`, `C|` (RFC 8089 appendix E.2.2) or `C:\…` behind any number of separators, and behind `//localhost`. */
const DRIVE = /^(?:[\\/]{2}localhost(?=[\\/]))?[\\/]*([A-Za-z])[:|]([\\/].*)?$/is;

/**
 * The plain path that a `file:` URI stands for, in every form of RFC 8089 and its appendix E, and as editors misspell
 * them. The path is not checked: `splitPath` does that.
 */
export function decodeFileUri(uri: string): Result<string, PathFault> {
  const match = /^file:(([\\/]*)([^\\/?#]*)([^?#]*))$/i.exec(uri);
  if (!match) return fail("bad_file_uri");
  const [, rest = "", slashes = "", first = "", tail = ""] = match;
  let decoded: string;
  try {
    decoded = decodeURIComponent(rest);
  } catch {
    return fail("bad_file_uri");
  }
  const drive = DRIVE.exec(decoded);
  if (drive) return ok(`${drive[1]}:${drive[2] ?? "\\"}`);
  switch (slashes.length) {
    case 1:
    case 3:
      return posixPath(`/${first}${tail}`);
    case 2:
      // `file://` alone has no path. It is no way to write the root.
      if (first.toLowerCase() === "localhost") return tail === "" ? fail("bad_file_uri") : posixPath(tail);
      // A relative path behind the slashes, or a variable that nothing has expanded.
      if (/^[.~$]/.test(first)) return fail("relative");
      return isHost(first) ? ok(`\\\\${decoded.slice(2)}`) : fail("bad_file_uri");
    case 4:
    case 5:
      return ok(`\\\\${decoded.slice(slashes.length)}`);
    // 0 or more than 5
    default:
      return fail("bad_file_uri");
  }
}

function posixPath(raw: string): Result<string, PathFault> {
  // An encoded separator belongs to a name. Decoded, it would start a new level.
  if (/%2f/i.test(raw)) return fail("bad_file_uri");
  // On POSIX a backslash in a name is encoded, so a bare one is a Windows separator, and there is no drive.
  if (raw.includes("\\")) return fail("posix_or_windows");
  return ok(decodeURIComponent(raw));
}

/** RFC 8089 knows neither user (`@`) nor port. An encoded separator would end the host somewhere else. */
const isHost = (raw: string): boolean => raw !== "" && !/@|:|%2f|%5c/i.test(raw);
