import { fail, ok, type PathFault, type Result } from "../model/failure.ts";
import { joinPath, type PathParts, parseWorkingDirectory, splitPath, withoutDots } from "../model/working-directory.ts";
import { MAX_DISCOVERY_DIRECTORIES } from "./limits.ts";

const CONFIG_DIRECTORIES = [".codebase-mcp", ".workflow-mcp"] as const;
const CONFIG_FILE = "config.json";

/** Why a text is not the path of a config file that applies to the working directory. */
export type ConfigPathFault = PathFault | "not_a_config" | "not_above";

/**
 * The directories to search for `path`, a normalised absolute path: itself, then its parents, nearest first, up to the root
 * of its style (`/`, `C:\`, `\\host\share\`), and at most 20.
 */
export function ancestors(path: string): string[] {
  const parts = collapsed(path);
  const count = Math.min(parts.names.length + 1, MAX_DISCOVERY_DIRECTORIES);
  return Array.from({ length: count }, (_, up) =>
    joinPath({ ...parts, names: parts.names.slice(0, parts.names.length - up) }),
  );
}

/** Resolves each `..` in `path`. */
export const resolveDots = (path: string): string => joinPath(collapsed(path));

/**
 * A key that is equal for all paths of the same directory. It ignores Unicode composition and, in drive and UNC style, case.
 */
export function rootKey(path: string): string {
  const parts = collapsed(path);
  const resolved = joinPath(parts).normalize("NFC");
  // Windows has two names for the host of WSL's disks.
  return parts.style === "posix" ? resolved : upperCase(resolved).replace(/^\\\\WSL\$\\/, "\\\\WSL.LOCALHOST\\");
}

/** The first value that `at` returns for the keys of `directory` and its ancestors, nearest first; null if there is none. */
export function nearest<T>(directory: string, at: (key: string) => T | undefined): T | null {
  for (const key of discoveryKeys(directory)) {
    const found = at(key);
    if (found !== undefined) return found;
  }
  return null;
}

/** The keys of {@link ancestors}, nearest first: all keys that a discovery looks up. */
export const discoveryKeys = (directory: string): string[] => ancestors(directory).map(rootKey);

/** Whether `root` is nearer to `directory` than `other`, both being among its {@link ancestors}. */
export function isNearer(root: string, other: string, directory: string): boolean {
  const keys = discoveryKeys(directory);
  return keys.indexOf(rootKey(root)) < keys.indexOf(rootKey(other));
}

/** The config path of a project if only its root is known. */
export function defaultConfigPath(root: string): string {
  const parts = collapsed(root);
  return joinPath({ ...parts, names: [...parts.names, CONFIG_DIRECTORIES[0], CONFIG_FILE] });
}

/**
 * The root of a config file: `<root>/.codebase-mcp/config.json` or `<root>/.workflow-mcp/config.json`.
 * Accepts every form of a working directory, including `file://` URIs, and returns both paths normalised.
 */
export function configRoot(configPath: string): Result<{ root: string; configPath: string }, ConfigPathFault> {
  const path = parseWorkingDirectory(configPath);
  if (!path.ok) return path;
  const parts = collapsed(path.value);
  const fold = parts.style === "posix" ? (text: string) => text : upperCase;
  const [directory, file] = parts.names.slice(-2).map(fold);
  const isConfig = file === fold(CONFIG_FILE) && CONFIG_DIRECTORIES.some((name) => fold(name) === directory);
  if (!isConfig) return fail("not_a_config");
  return ok({ root: joinPath({ ...parts, names: parts.names.slice(0, -2) }), configPath: joinPath(parts) });
}

/**
 * Splits a path and resolves each `..` lexically, never above the root, as Windows and a shell's `cd` do. Treating `/a/b` as
 * the parent of `/a/b/..` would search a directory *below* the real one and find a project that the session is not in.
 * Links before a `..` cannot be followed from here.
 */
function collapsed(path: string): PathParts {
  const parts = splitPath(path);
  if (!parts.ok) throw new Error(`Cannot walk up from ${JSON.stringify(path)}: want a normalised absolute path`);
  return { ...parts.value, names: withoutDots(parts.value.names) };
}

/**
 * Upper case as Windows uses it to compare names: per UTF-16 unit, without mappings to several units ("ß" does not become
 * "SS") or to ASCII ("ı" does not become "I").
 */
function upperCase(text: string): string {
  let folded = "";
  for (let i = 0; i < text.length; i++) {
    const unit = text.charAt(i);
    const upper = unit.toUpperCase();
    const becomesAscii = unit > "\u007f" && upper <= "\u007f";
    folded += upper.length === 1 && !becomesAscii ? upper : unit;
  }
  return folded;
}
