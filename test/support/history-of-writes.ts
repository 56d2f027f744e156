/**
 * The possible values of a variable under concurrent reads and writes. Times are ticks of one counter: an operation lasts from
 * the tick of its call to the tick of its answer.
 */

export interface Write<T> {
  readonly value: T;
  readonly from: number;
  /** Infinity: never answered, so it may take effect at any time. */
  to: number;
  /** Whether it may have had no effect: then the previous value may still be read after it. */
  uncertain?: boolean;
}

/** The writes of one variable, in any order that their times allow. */
export class WritesOf<T> {
  #writes: Write<T>[];

  constructor(initial: T) {
    this.#writes = [{ value: initial, from: 0, to: 0 }];
  }

  begin(value: T, now: number): Write<T> {
    const write = { value, from: now, to: Number.POSITIVE_INFINITY };
    this.#writes.push(write);
    return write;
  }

  /** The answer says that the write had no effect. */
  withdraw(write: Write<T>): void {
    this.#writes = this.#writes.filter((other) => other !== write);
  }

  /** Every unanswered write has taken effect by now, or never will. */
  settle(now: number): void {
    for (const write of this.#writes) write.to = Math.min(write.to, now);
  }

  /** The values that a read called at `from` and answered at `to` may find. */
  candidates(from: number, to: number): T[] {
    const isOver = (write: Write<T>) =>
      this.#writes.some(
        (later) =>
          !later.uncertain && later.from > write.to && later.to < from && later.to !== Number.POSITIVE_INFINITY,
      );
    return this.#writes.filter((write) => write.from < to && !isOver(write)).map(({ value }) => value);
  }
}
