import { CHANGE_REMEMBERED_MS, MAX_REMEMBERED_CHANGES } from "./limits.ts";

/** A call that changes something, and whether it is sent again because the first reply did not come. */
export interface Change {
  readonly id: string;
  readonly repeated: boolean;
}

/**
 * What became of the last changes, so that one whose reply was lost is not made again when its call is repeated. In memory:
 * if the object was restarted in between, a repeated change is told so and must work out by itself whether it was made.
 */
export class Changes {
  readonly #outcomes = new Map<string, { readonly at: number; readonly outcome: Promise<unknown> }>();

  /** @param make Makes the change; is told whether it may have been made before, by an object that remembers nothing of it. */
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
