import { fail, ok, type PathFault, type Result } from "./failure.ts";

/** `C:`, `C|` (RFC 8089 appendix E.2.2) or `C:\…` after any number of separators, or after `//localhost`. */
const DRIVE = /^(?:[\\/]{2}localhost(?=[\\/]))?[\\/]*([A-Za-z])[:|]([\\/].*)?$/is;

/**
 * Decodes a `file:` URI to a plain path. Accepts every form of RFC 8089 and its appendix E, and the malformed URIs of
 * editors. Does not check the path: `splitPath` does that.
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
      // `file://` alone has no path: it does not mean the root.
      if (first.toLowerCase() === "localhost") return tail === "" ? fail("bad_file_uri") : posixPath(tail);
      // A relative path after the slashes, or an unexpanded variable.
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
  // An encoded separator is part of a name. Decoded, it would start a new level.
  if (/%2f/i.test(raw)) return fail("bad_file_uri");
  // On POSIX a backslash in a name is encoded, so a bare one is a Windows separator, and there is no drive.
  if (raw.includes("\\")) return fail("posix_or_windows");
  return ok(decodeURIComponent(raw));
}

/** RFC 8089 allows neither user (`@`) nor port. An encoded separator would move the end of the host. */
const isHost = (raw: string): boolean => raw !== "" && !/@|:|%2f|%5c/i.test(raw);
