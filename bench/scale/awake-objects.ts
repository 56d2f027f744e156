import { together } from "../library/together.ts";
import { openFilesLimit } from "../library/workerd.ts";

const CONCURRENCY = 32;
/** An object is evicted ten seconds after its last call, checked every few seconds. Until then its database has three files open. */
export const AWAKE_MS = 14_000;
const FILES_PER_OBJECT = 3;
/** Each uses a third of a MiB while it is awake. */
const MOST_AWAKE = 6000;
/** Objects called between two checks of how many are awake. */
const BATCH = 500;

/** Calls many objects, no faster than the earlier ones are evicted: this bounds memory and open files. */
export class AwakeObjects {
  readonly #most = Math.min(MOST_AWAKE, (openFilesLimit() * 0.9) / FILES_PER_OBJECT);
  /** Sustained number of objects that can be called per second. */
  readonly perSecond: number = this.#most / (AWAKE_MS / 1000);
  /** When each recent batch was called, and its size. */
  #batches: { readonly at: number; readonly count: number }[] = [];

  /** Calls `count` objects, each with `run`. @returns The seconds this took, without the time spent waiting. */
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
