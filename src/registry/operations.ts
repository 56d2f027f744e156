/** The number of calls of one tool with the same outcome. */
export type OperationCount = { readonly tool: string; readonly outcome: string; readonly count: number };

/** Tool and outcome under which all calls beyond the limit of pairs are counted. */
export const OTHER = "other";

/** Counts by tool and outcome: at most `limit` pairs, plus one for all others. */
export class OperationTally {
  readonly #limit: number;
  readonly #counts = new Map<string, OperationCount>();

  constructor(limit: number = Number.POSITIVE_INFINITY) {
    this.#limit = limit;
  }

  add({ tool, outcome, count }: OperationCount): void {
    let key = JSON.stringify([tool, outcome]);
    let pair = { tool, outcome };
    if (!this.#counts.has(key) && this.#counts.size >= this.#limit) {
      pair = { tool: OTHER, outcome: OTHER };
      key = JSON.stringify([OTHER, OTHER]);
    }
    this.#counts.set(key, { ...pair, count: (this.#counts.get(key)?.count ?? 0) + count });
  }

  /** Sorted by tool and outcome. */
  counts(): OperationCount[] {
    return [...this.#counts].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count);
  }

  get isEmpty(): boolean {
    return this.#counts.size === 0;
  }
}
