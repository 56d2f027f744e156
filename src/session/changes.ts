import { CHANGE_REMEMBERED_MS, MAX_REMEMBERED_CHANGES } from "./limits.ts";

/** Identifies a call that changes something. `repeated`: the caller sends it again because it got no reply. */
export interface Change {
  readonly id: string;
  readonly repeated: boolean;
}

/**
 * The outcomes of recent changes, so that a repeated call returns the first outcome and changes nothing. Kept in memory only: after
 * a restart a repeated change runs again as `uncertain`, and must find out itself whether it was already made.
 */
export class Changes {
  readonly #outcomes = new Map<string, { readonly at: number; readonly outcome: Promise<unknown> }>();

  /** @param make Makes the change. `uncertain`: it may have been made before a restart. */
  once<T>(change: Change | undefined, make: (uncertain: boolean) => Promise<T>, now = Date.now()): Promise<T> {
    if (change === undefined) return make(false);
    const known = this.#outcomes.get(change.id);
    if (known !== undefined) return known.outcome as Promise<T>;
    const outcome = make(change.repeated);
    this.#outcomes.set(change.id, { at: now, outcome });
    for (const [oldest, { at }] of this.#outcomes) {
      if (this.#outcomes.size <= MAX_REMEMBERED_CHANGES && now - at < CHANGE_REMEMBERED_MS) break;
      this.#outcomes.delete(oldest);
    }
    return outcome;
  }
}
