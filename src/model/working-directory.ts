import { fail, ok, type PathFault, type Result } from "./failure.ts";
import { MAX_PATH_BYTES } from "./limits.ts";

/** How a path is written. Decides about separators, the root and (for projects) about case. */
export type PathStyle = "posix" | "drive" | "unc";

/** A path taken apart: `root` ends where the names below it begin. */
export interface PathParts {
  readonly style: PathStyle;
  readonly root: string;
  readonly names: readonly string[];
}

const utf8 = new TextEncoder();
// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * Checks and normalises a working directory as a client names it: an absolute POSIX path, a drive-letter or UNC path,
 * or a `file://` URI of one. `//`, `/./` and a trailing slash collapse; `..` stays, since only the client's disk knows
 * where links lead.
 */
export function parseWorkingDirectory(text: string): Result<string, PathFault> {
  if (text === "") return fail("empty");
  if (text.trim() === "") return fail("blank");
  const decoded = /^file:/i.test(text) ? decodeFileUri(text) : text;
  if (decoded === null) return fail("bad_file_uri");
  if (CONTROL.test(decoded)) return fail("control_character");
  if (!decoded.isWellFormed()) return fail("lone_surrogate");
  const parts = splitPath(decoded);
  if (!parts.ok) return parts;
  const path = joinPath(parts.value);
  if (utf8.encode(path).length > MAX_PATH_BYTES) return fail("too_long");
  return ok(path);
}

/** Takes an absolute path apart into its root and the names below it. */
export function splitPath(path: string): Result<PathParts, PathFault> {
  if (/^[A-Za-z]:/.test(path)) {
    if (!/^[A-Za-z]:[\\/]/.test(path)) return fail("drive_without_root");
    return ok({ style: "drive", root: `${path.slice(0, 2)}\\`, names: names(path.slice(3), /[\\/]+/) });
  }
  if (path.startsWith("\\\\")) {
    // \\?\ and \\.\ name devices and switch normalisation off: no directory of a project.
    if (/^\\\\[?.]([\\/]|$)/.test(path)) return fail("device_path");
    const [host, share, ...rest] = path.slice(2).split(/[\\/]+/);
    if (!host || !share || host === "." || host === ".." || share === "." || share === "..") {
      return fail("unc_without_share");
    }
    return ok({ style: "unc", root: `\\\\${host}\\${share}\\`, names: names(rest.join("\\"), /\\/) });
  }
  if (path.startsWith("/")) return ok({ style: "posix", root: "/", names: names(path, /\/+/) });
  return fail("relative");
}

/** The inverse of {@link splitPath}, in the path's own style. */
export function joinPath({ style, root, names }: PathParts): string {
  return root + names.join(style === "posix" ? "/" : "\\");
}

const names = (text: string, separator: RegExp): string[] =>
  text.split(separator).filter((name) => name !== "" && name !== ".");

/** The path that a `file:` URI stands for (RFC 8089), or null. */
function decodeFileUri(uri: string): string | null {
  const match = /^file:(?:\/\/([^/?#]*))?(\/[^?#]*)$/i.exec(uri);
  if (!match) return null;
  const [, host = "", rawPath = ""] = match;
  let path: string;
  try {
    path = decodeURIComponent(rawPath);
  } catch {
    return null;
  }
  const onWindows = (host !== "" && host.toLowerCase() !== "localhost") || /^\/[A-Za-z]:/.test(path);
  // A separator that came encoded belongs to a name; decoded, it would become a level of its own.
  if (onWindows ? /%2f|%5c/i.test(rawPath) : /%2f/i.test(rawPath)) return null;
  if (host !== "" && host.toLowerCase() !== "localhost") return `\\\\${host}${path.replaceAll("/", "\\")}`;
  return /^\/[A-Za-z]:/.test(path) ? path.slice(1) : path;
}
