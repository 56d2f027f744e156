/** A var that is no setting, and the setting that its author probably meant. */
export interface MisnamedVar {
  readonly name: string;
  readonly meant: string;
}

/**
 * The first var whose name is close to that of a setting without being one; null if there is none. A mistyped setting
 * would leave its default in force, which may be an open server. Vars of the Worker's own author share the environment,
 * so a name that only begins like one of ours (`SESSION_SECRET`, `JWT_SECRET`) passes, and so do bindings, which are objects.
 */
export function misnamedVar(env: object, settings: readonly string[]): MisnamedVar | null {
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === "object" || typeof value === "function" || settings.includes(name)) continue;
    const meant = settings.find((setting) => isClose(name.toUpperCase().replaceAll("-", "_"), setting));
    if (meant !== undefined) return { name, meant };
  }
  return null;
}

/** Letters apart in a name below and from this length. In short names a letter makes another word. */
const LONG_NAME = 12;

function isClose(name: string, setting: string): boolean {
  const words = name.split("_");
  const settingWords = setting.split("_");
  // Cut off (JWT_AUD), with words left out or put in (SESSION_TIMEOUT, SESSION_IDLE_TIMEOUT_MS), or mistyped.
  if (words.length > 1 && setting.startsWith(name)) return true;
  if (words[0] === settingWords[0] && words.filter((word) => settingWords.includes(word)).length > 1) return true;
  return distance(name, setting) <= (setting.length < LONG_NAME ? 1 : 2);
}

/** How many letters have to be put in, left out, replaced or swapped with their neighbour (optimal string alignment). */
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
