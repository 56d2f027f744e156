import { together } from "../library/together.ts";
import { openFilesLimit } from "../library/workerd.ts";

const CONCURRENCY = 32;
/** An object sleeps ten seconds after its last call, looked at every few seconds. Until then its database is open: three files. */
export const AWAKE_MS = 14_000;
const FILES_PER_OBJECT = 3;
/** Each takes a third of a MiB while it is awake. */
const MOST_AWAKE = 6000;
/** Objects that are called without a look at how many are awake. */
const BATCH = 500;

/** Calls of many objects, no faster than those that were called before fall asleep: memory is bounded, and so are open files. */
export class AwakeObjects {
  readonly #most = Math.min(MOST_AWAKE, (openFilesLimit() * 0.9) / FILES_PER_OBJECT);
  /** How many can be called in a second, in the long run. */
  readonly perSecond: number = this.#most / (AWAKE_MS / 1000);
  /** When each of the last batches was called, and how many objects it was. */
  #batches: { readonly at: number; readonly count: number }[] = [];

  /** Calls `count` objects, each by `run`. @returns How many seconds that took, without the time spent waiting. */
  async together(count: number, run: (n: number) => Promise<void>): Promise<number> {
    let ms = 0;
    for (let done = 0; done < count; done += BATCH) {
      const size = Math.min(BATCH, count - done);
      await this.#room(size);
      const startedAt = performance.now();
      await together(size, CONCURRENCY, (n) => run(done + n));
      ms += performance.now() - startedAt;
      this.#batches.push({ at: performance.now(), count: size });
    }
    return ms / 1000;
  }

  async #room(size: number): Promise<void> {
    for (;;) {
      this.#batches = this.#batches.filter(({ at }) => performance.now() - at < AWAKE_MS);
      const awake = this.#batches.reduce((sum, { count }) => sum + count, 0);
      if (awake === 0 || awake + size <= this.#most) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
