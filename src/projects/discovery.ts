import { fail, ok, type PathFault, type Result } from "../model/failure.ts";
import { joinPath, type PathParts, parseWorkingDirectory, splitPath, withoutDots } from "../model/working-directory.ts";
import { MAX_DISCOVERY_DIRECTORIES } from "./limits.ts";

const CONFIG_DIRECTORIES = [".codebase-mcp", ".workflow-mcp"] as const;
const CONFIG_FILE = "config.json";

/** Why a text is not the path of a config file, or not of one that this working directory could be under. */
export type ConfigPathFault = PathFault | "not_a_config" | "not_above";

/**
 * The directories to look in from `path`, a normalised absolute path: itself first, then its parents, nearest first, up
 * to the root of its style (`/`, `C:\`, `\\host\share\`) and at most 20.
 */
export function ancestors(path: string): string[] {
  const parts = collapsed(path);
  const count = Math.min(parts.names.length + 1, MAX_DISCOVERY_DIRECTORIES);
  return Array.from({ length: count }, (_, up) =>
    joinPath({ ...parts, names: parts.names.slice(0, parts.names.length - up) }),
  );
}

/** The directory that `path` names, without `..`. */
export const resolveDots = (path: string): string => joinPath(collapsed(path));

/**
 * Two paths have the same key if they name the same directory: composed and decomposed Unicode are one; upper and lower
 * case too, in drive and UNC style.
 */
export function rootKey(path: string): string {
  const parts = collapsed(path);
  const resolved = joinPath(parts).normalize("NFC");
  // Windows has two names for the host of WSL's disks.
  return parts.style === "posix" ? resolved : upperCase(resolved).replace(/^\\\\WSL\$\\/, "\\\\WSL.LOCALHOST\\");
}

/** The first thing that `at` knows under the key of one of the directories from `directory` upward. */
export function nearest<T>(directory: string, at: (key: string) => T | undefined): T | null {
  for (const key of discoveryKeys(directory)) {
    const found = at(key);
    if (found !== undefined) return found;
  }
  return null;
}

/** The keys of {@link ancestors}, nearest first: everything that a discovery has to look up. */
export const discoveryKeys = (directory: string): string[] => ancestors(directory).map(rootKey);

/** Whether `root` is nearer to `directory` than `other`, both being among its {@link ancestors}. */
export function isNearer(root: string, other: string, directory: string): boolean {
  const keys = discoveryKeys(directory);
  return keys.indexOf(rootKey(root)) < keys.indexOf(rootKey(other));
}

/** The config path of a project of which only the root is known. */
export function defaultConfigPath(root: string): string {
  const parts = collapsed(root);
  return joinPath({ ...parts, names: [...parts.names, CONFIG_DIRECTORIES[0], CONFIG_FILE] });
}

/**
 * The directory that a config file speaks for: `<root>/.codebase-mcp/config.json` or `<root>/.workflow-mcp/config.json`.
 * Takes what a working directory may be written as, `file://` URIs too, and returns both paths normalised.
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
 * A path taken apart, each `..` taking the name before it away, never the root. This is what Windows does with a path
 * and what a shell's `cd` shows. Taking `/a/b` for the parent of `/a/b/..` would look in a directory *below* the real one,
 * and find a project that the session is not in. A link before a `..` cannot be seen from here.
 */
function collapsed(path: string): PathParts {
  const parts = splitPath(path);
  if (!parts.ok) throw new Error(`Cannot walk up from ${JSON.stringify(path)}: want a normalised absolute path`);
  return { ...parts.value, names: withoutDots(parts.value.names) };
}

/**
 * Upper case as Windows compares names: each UTF-16 unit by itself, nothing that grows ("ß" is not "SS"), nothing that
 * would become ASCII ("ı" is not "I").
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
