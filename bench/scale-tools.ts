import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { together } from "./together.ts";
import { memoryMiB, openFilesLimit, type RunningPeer } from "./workerd.ts";

/** One call over the RPC entrypoint, by way of bench/peers/service.ts. */
export async function ask({ url }: RunningPeer, body: object): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok)
    throw new Error(`${JSON.stringify(body)} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

export const countOf = async (server: RunningPeer): Promise<number> =>
  ((await ask(server, { operation: "count" })) as { total: number }).total;

const CONCURRENCY = 32;
/** An object sleeps ten seconds after its last call, looked at every few seconds. Until then its database is open: three files. */
const AWAKE_MS = 14_000;
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

/**
 * Waits until no session is active. The count must only fall.
 * @returns Expiries per second, from the first to the last.
 */
export async function untilNone(server: RunningPeer, active: number, idleTimeoutMs: number): Promise<number> {
  const giveUpAt = performance.now() + 3 * idleTimeoutMs + 60_000;
  let firstAt: number | null = null;
  for (let before = active; before > 0; ) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const now = await countOf(server);
    if (now > before) throw new Error(`The count rose from ${before} to ${now} while sessions expired`);
    if (now < active) firstAt ??= performance.now();
    if (performance.now() > giveUpAt) throw new Error(`${now} sessions have not expired`);
    before = now;
  }
  return active / Math.max(0.5, (performance.now() - (firstAt ?? 0)) / 1000);
}

/** Resident memory of a process, looked at twice a second. */
export function watchMemory(pid: number): { stop(): { first: number; most: number } } {
  const first = memoryMiB(pid) ?? 0;
  let most = first;
  const timer = setInterval(() => {
    most = Math.max(most, memoryMiB(pid) ?? 0);
  }, 500);
  return {
    stop() {
      clearInterval(timer);
      return { first, most };
    },
  };
}

/** Size of the databases in a folder, without their logs, which a deployment does not keep. */
export function bytesIn(folder: string): number {
  const databases = readdirSync(folder).filter((name) => name.endsWith(".sqlite"));
  return databases.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}
