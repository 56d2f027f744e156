/** A var that is not a setting, and the setting that was probably meant. */
export interface MisnamedVar {
  readonly name: string;
  readonly meant: string;
}

/**
 * The first var that is not a setting but has a similar name; null if there is none. A mistyped setting would leave its
 * default in force, which may be an open server. The environment also has other vars of the Worker's author, so a name that
 * only begins like a setting (`SESSION_SECRET`, `JWT_SECRET`) passes, and so do bindings, which are objects.
 */
export function misnamedVar(env: object, settings: readonly string[]): MisnamedVar | null {
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === "object" || typeof value === "function" || settings.includes(name)) continue;
    const meant = settings.find((setting) => isClose(name.toUpperCase().replaceAll("-", "_"), setting));
    if (meant !== undefined) return { name, meant };
  }
  return null;
}

/** Names of settings from this length on may differ in two letters, shorter ones in one: they soon become other words. */
const LONG_NAME = 12;

function isClose(name: string, setting: string): boolean {
  const words = name.split("_");
  const settingWords = setting.split("_");
  // Truncated (JWT_AUD), with words missing or added (SESSION_TIMEOUT, SESSION_IDLE_TIMEOUT_MS), or mistyped.
  if (words.length > 1 && setting.startsWith(name)) return true;
  if (words[0] === settingWords[0] && words.filter((word) => settingWords.includes(word)).length > 1) return true;
  return distance(name, setting) <= (setting.length < LONG_NAME ? 1 : 2);
}

/** The number of insertions, deletions, replacements and swaps of neighbouring letters (optimal string alignment). */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      next[j] = Math.min(
        at(row, j) + 1,
        at(next, j - 1) + 1,
        at(row, j - 1) + (same ? 0 : 1),
        swapped ? at(before, j - 2) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, row] = [row, next];
  }
  return at(row, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Number.POSITIVE_INFINITY;
