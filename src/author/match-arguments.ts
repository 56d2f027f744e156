import { editDistance } from "../projects/near-matches.ts";

/** A call's arguments under the tool's own names, and the arguments that match none. */
export interface MatchedArguments {
  readonly values: Readonly<Record<string, unknown>>;
  /** Names that the tool does not have, as received. */
  readonly ignored: readonly string[];
  /** Names among `ignored` that can only be misspelt arguments of the tool. */
  readonly misspelt: readonly string[];
}

/**
 * Matches a call's arguments with those of a tool. Bridges rename arguments, so case, underscores and hyphens are ignored; an exact
 * name wins. Models under strict schemas cannot omit an argument, so an optional argument with null or "" counts as omitted.
 */
export function matchArguments(
  given: Readonly<Record<string, unknown>>,
  names: readonly string[],
  optional: ReadonlySet<string>,
): MatchedArguments {
  const byFolded = new Map(names.map((name) => [fold(name), name]));
  const values: Record<string, unknown> = {};
  const ignored: string[] = [];
  const isExact = (key: string) => byFolded.get(fold(key)) === key;
  const exactFirst = Object.keys(given).sort((a, b) => Number(isExact(b)) - Number(isExact(a)));
  for (const key of exactFirst) {
    const name = byFolded.get(fold(key));
    if (name === undefined || Object.hasOwn(values, name)) ignored.push(key);
    else if (!optional.has(name) || !isBlank(given[key])) values[name] = given[key];
  }
  const known = [...byFolded.keys()];
  const misspelt = ignored.filter(
    (key) => !byFolded.has(fold(key)) && known.some((name) => resembles(fold(key), name)),
  );
  return { values, ignored, misspelt };
}

export const isBlank = (value: unknown): boolean => value === null || value === "";

const fold = (name: string): string => name.toLowerCase().replaceAll(/[_-]/g, "");

/** Shorter prefixes, and shorter names with one edit, could mean anything. */
const MIN_LENGTH = 4;

/** Names of at least this length are still unambiguous with two edits. */
const MIN_LENGTH_FOR_TWO_EDITS = 8;

function resembles(given: string, name: string): boolean {
  if (given.startsWith(name) || (given.length >= MIN_LENGTH && name.startsWith(given))) return true;
  const edits = editDistance(given, name);
  if (edits <= 1) return name.length >= MIN_LENGTH;
  // A swap of two letters counts as two edits.
  return edits === 2 && (name.length >= MIN_LENGTH_FOR_TWO_EDITS || sorted(given) === sorted(name));
}

const sorted = (text: string): string => [...text].sort().join("");
