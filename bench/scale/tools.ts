import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { memoryMiB, type RunningPeer } from "../library/workerd.ts";

/** One call over the RPC entrypoint, through bench/peers/service.ts. */
export async function ask({ url }: RunningPeer, body: object): Promise<unknown> {
  const response = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  if (!response.ok)
    throw new Error(`${JSON.stringify(body)} was answered with ${response.status}: ${await response.text()}`);
  return response.json();
}

export const countOf = async (server: RunningPeer): Promise<number> =>
  ((await ask(server, { operation: "count" })) as { total: number }).total;

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

/** Resident memory of a process, sampled twice a second. */
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
