import { utf8Bytes } from "../base/utf8-bytes.ts";
import { fail, ok, type PathFault, type Result } from "./failure.ts";
import { decodeFileUri } from "./file-uri.ts";
import { MAX_PATH_BYTES } from "./limits.ts";

/** How a path is written. Determines the separators, the root and (for projects) case sensitivity. */
export type PathStyle = "posix" | "drive" | "unc";

/** A path split into its root and the names below it. */
export interface PathParts {
  readonly style: PathStyle;
  readonly root: string;
  readonly names: readonly string[];
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding control characters is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;
/** A drive at the start of a path or name. */
const DRIVE = /^[A-Za-z]:(?:[\\/]|$)/;
/** The same, percent-encoded, as the first name of a URI's path. */
const ENCODED_DRIVE = /^[A-Za-z]%3A(?:[\\/]|%5C|%2F|$)/i;
/** `\\?\C:\`, `\\.\C:\`, `\??\C:\` and `\\?\UNC\`: prefixes of a path that can be written without them. */
const EXTENDED = /^(?:\\{2,}[?.]|\\\?\?|\/\/\?)[\\/]+(?:(UNC)[\\/]+|(?=[A-Za-z]:[\\/]))/i;
const HOST = /^[\p{L}\p{N}_][\p{L}\p{M}\p{N}._$@-]*$/u;

/**
 * Validates and normalises a working directory from a client. docs/projects.md has a table of all forms, with the decision
 * about each and its reason. `..` stays, since links can be followed only on the client's disk.
 */
export function parseWorkingDirectory(text: string): Result<string, PathFault> {
  if (text === "") return fail("empty");
  if (text.trim() === "") return fail("blank");
  const plain = plainPath(text);
  if (!plain.ok) return plain;
  if (CONTROL.test(plain.value)) return fail("control_character");
  if (!plain.value.isWellFormed()) return fail("lone_surrogate");
  const parts = splitPath(plain.value);
  if (!parts.ok) return parts;
  const path = joinPath(parts.value);
  if (utf8Bytes(path) > MAX_PATH_BYTES) return fail("too_long");
  return ok(path);
}

function plainPath(text: string): Result<string, PathFault> {
  if (/^file:/i.test(text)) return decodeFileUri(text);
  if (/^[A-Za-z][A-Za-z0-9+.-]+:/.test(text)) return fail("other_scheme");
  // The path of a URI, still encoded, as `new URL(uri).pathname` gives it.
  const path = text.replace(/^\/+/, "");
  if (path !== text && ENCODED_DRIVE.test(path)) return decodeFileUri(`file:///${path}`);
  return ok(text);
}

/** Splits an absolute path into its root and the names below it. */
export function splitPath(path: string): Result<PathParts, PathFault> {
  const extended = EXTENDED.exec(path);
  if (extended) {
    const rest = path.slice(extended[0].length);
    const parts = extended[1] ? uncParts(rest) : driveParts(rest);
    // After such a prefix Windows keeps trailing dots and spaces, which it drops elsewhere: that is a different directory.
    return parts.ok && names(rest, SEPARATORS).some((name) => name !== ".." && withoutTail(name) !== name)
      ? fail("windows_name")
      : parts;
  }
  if (DRIVE.test(path)) return path.length === 2 ? fail("drive_without_root") : driveParts(path);
  if (/^[A-Za-z]:/.test(path)) return fail("drive_without_root");
  if (/^\\{2,}[?.](?:[\\/]|$)/.test(path)) return fail("device_path");
  if (path.startsWith("\\\\")) return uncParts(path);
  return path.startsWith("/") ? posixParts(path) : fail("relative");
}

/** The inverse of {@link splitPath}, in the path's own style. */
export function joinPath({ style, root, names }: PathParts): string {
  return root + names.join(style === "posix" ? "/" : "\\");
}

/** The names that remain when each `..` removes the name before it, never the root. */
export function withoutDots(names: readonly string[]): string[] {
  const left: string[] = [];
  for (const name of names) {
    if (name === "..") left.pop();
    else left.push(name);
  }
  return left;
}

function posixParts(path: string): Result<PathParts, PathFault> {
  const found = names(path, /\/+/);
  const [first = ""] = found;
  if (DRIVE.test(first)) return driveParts(found.join("/"));
  // In POSIX two leading slashes are implementation-defined. In Windows they begin a UNC path.
  if (/^\/\/[^/]/.test(path)) return fail("posix_or_windows");
  for (const name of [first, withoutDots(found)[0] ?? ""]) {
    if (name.startsWith("\\") || DRIVE.test(name) || ENCODED_DRIVE.test(name)) return fail("posix_or_windows");
    // An unexpanded home directory or variable.
    if (/^(?:~|\$\{?[A-Za-z_]\w*\}?)$/.test(name)) return fail("relative");
  }
  // What `path.resolve` returns for a Windows path or a URI.
  if (found.some((name) => /^(?:[A-Za-z]:\\|file:$)/i.test(name))) return fail("joined_paths");
  return ok({ style: "posix", root: "/", names: found });
}

function driveParts(path: string): Result<PathParts, PathFault> {
  const found = windowsNames(path.slice(2));
  return found.ok ? ok({ style: "drive", root: `${path.slice(0, 2)}\\`, names: found.value }) : found;
}

function uncParts(path: string): Result<PathParts, PathFault> {
  const [host = "", share = "", ...rest] = names(path, SEPARATORS);
  const below = windowsNames([share, ...rest].join("\\"));
  if (!HOST.test(host) || share === "" || share === "..") return fail("unc_without_share");
  if (!below.ok) return below;
  const [root, ...found] = below.value;
  return ok({ style: "unc", root: `\\\\${host}\\${root}\\`, names: found });
}

const SEPARATORS = /[\\/]+/;

const names = (text: string, separator: RegExp): string[] =>
  text.split(separator).filter((name) => name !== "" && name !== ".");

/** The names of a path as Windows reads them: without trailing dots and spaces. */
function windowsNames(text: string): Result<string[], PathFault> {
  const found = names(text, SEPARATORS).map((name) => (name === ".." ? name : withoutTail(name)));
  return found.some((name) => name === "" || /[<>:"|?*]/.test(name)) ? fail("windows_name") : ok(found);
}

function withoutTail(name: string): string {
  let end = name.length;
  while (end > 0 && (name[end - 1] === "." || name[end - 1] === " ")) end--;
  return name.slice(0, end);
}
