/**
 * What a value that several callers write and read at once may be read as. Times are ticks of one counter: an operation takes from
 * the tick at which it was called to that at which its answer came.
 */

export interface Write<T> {
  readonly value: T;
  readonly from: number;
  /** Infinity: it was never answered, and may take effect at any time. */
  to: number;
  /** Whether it may have had no effect: then what was there before it may be read after it. */
  uncertain?: boolean;
}

/** The writes of one value, in any order of taking effect that their times allow. */
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

  /** The answer says that it had no effect. */
  withdraw(write: Write<T>): void {
    this.#writes = this.#writes.filter((other) => other !== write);
  }

  /** Everything that was called has taken effect by now, or never will. */
  settle(now: number): void {
    for (const write of this.#writes) write.to = Math.min(write.to, now);
  }

  /** What a read may find that was called at `from` and answered at `to`. */
  candidates(from: number, to: number): T[] {
    const isOver = (write: Write<T>) =>
      this.#writes.some(
        (later) =>
          !later.uncertain && later.from > write.to && later.to < from && later.to !== Number.POSITIVE_INFINITY,
      );
    return this.#writes.filter((write) => write.from < to && !isOver(write)).map(({ value }) => value);
  }
}
