/** One number of sessions: opened, counted, used, some of them ended, the others left to expire. */
import { join } from "node:path";
import { peerOf } from "./peers.ts";
import { ask, bytesIn, countOf, untilNone, watchMemory } from "./scale-tools.ts";
import { median, rounded } from "./statistics.ts";
import { together } from "./together.ts";
import { startPeer } from "./workerd.ts";

export interface ScaleStep {
  readonly sessions: number;
  readonly idleTimeoutSeconds: number;
  readonly opensPerSecond: number;
  readonly getsPerSecond: number;
  readonly expiriesPerSecond: number;
  readonly countP50Ms: number;
  readonly databaseBytesPerSession: number;
  readonly registryBytesPerSession: number;
  readonly memoryBeforeMiB: number;
  readonly memoryMostMiB: number;
  /** How many counts were compared with what they had to be. */
  readonly countsChecked: number;
}

export interface ScaleStepOptions {
  readonly sessions: number;
  readonly modules: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Sessions that this machine opens in a second, to choose an idle time-out in which all can be opened. */
  readonly expectedPerSecond: number;
  readonly onProgress: (text: string) => void;
}

const COUNTS = 100;
const CHECKPOINTS = 10;
/** Every so many sessions one is used after all have been opened, and as many others are ended by hand. */
const USED_ONE_IN = 20;
const CONCURRENCY = 32;
/** workerd evicts an object that nobody has called for ten seconds. */
const EVICTION_MS = 12_000;
const DIRECTORY = "/home/me/projects/shop/frontend";

export async function scaleStep(options: ScaleStepOptions): Promise<ScaleStep> {
  const { sessions, modules, folder, expectedPerSecond, onProgress } = options;
  // Half as long again as opening and using them is likely to take.
  const idleTimeoutSeconds = Math.ceil(45 + (sessions / expectedPerSecond) * 1.5);
  const vars = { SESSION_IDLE_TIMEOUT_SECONDS: String(idleTimeoutSeconds) };
  onProgress(`${sessions} sessions, idle time-out ${idleTimeoutSeconds} s`);
  const server = await startPeer(peerOf("service"), { modules, folder, vars });
  const memory = watchMemory(server.pid);
  let countsChecked = 0;
  const check = async (wanted: number, when: string) => {
    const total = await countOf(server);
    if (total !== wanted) throw new Error(`${when}: the count is ${total}, and ${wanted} sessions are active`);
    countsChecked++;
  };

  await check(0, "before the first session");
  const openedAt = performance.now();
  const part = sessions / CHECKPOINTS;
  for (let opened = 0; opened < sessions; opened += part) {
    await together(part, CONCURRENCY, async (n) => {
      await ask(server, { session: `session-${opened + n}`, directory: DIRECTORY });
    });
    await check(opened + part, `after opening ${opened + part}`);
  }
  const opensPerSecond = sessions / secondsSince(openedAt);
  onProgress(`  opened, ${Math.round(opensPerSecond)} a second`);

  const counts: number[] = [];
  for (let n = 0; n < COUNTS; n++) {
    const startedAt = performance.now();
    await check(sessions, "with all sessions open");
    counts.push(performance.now() - startedAt);
  }
  const some = sessions / USED_ONE_IN;
  const usedAt = performance.now();
  await together(some, CONCURRENCY, async (n) => {
    const { directory } = (await ask(server, { session: `session-${n * USED_ONE_IN}` })) as { directory: string };
    if (directory !== DIRECTORY) throw new Error(`session-${n * USED_ONE_IN} has forgotten its directory`);
  });
  const getsPerSecond = some / secondsSince(usedAt);
  await check(sessions, "after using some");
  await together(some, CONCURRENCY, async (n) => {
    await ask(server, { session: `session-${n * USED_ONE_IN + 1}`, operation: "end" });
  });
  await check(sessions - some, "after ending some");
  // What an object has written stands twice until it is put to sleep: in its log too.
  await new Promise((resolve) => setTimeout(resolve, EVICTION_MS));
  const objects = bytesIn(join(server.storage, "ours-SessionObject"));
  const registry = bytesIn(join(server.storage, "ours-SessionRegistry"));

  const expiriesPerSecond = await untilNone(server, sessions - some, idleTimeoutSeconds * 1000);
  countsChecked++;
  onProgress("  all expired");
  const { first, most } = memory.stop();
  await server.stop();
  return {
    sessions,
    idleTimeoutSeconds,
    opensPerSecond: rounded(opensPerSecond),
    getsPerSecond: rounded(getsPerSecond),
    expiriesPerSecond: rounded(expiriesPerSecond),
    countP50Ms: rounded(median(counts)),
    databaseBytesPerSession: Math.round(objects / sessions),
    registryBytesPerSession: Math.round(registry / sessions),
    memoryBeforeMiB: Math.round(first),
    memoryMostMiB: Math.round(most),
    countsChecked,
  };
}

const secondsSince = (startedAt: number): number => (performance.now() - startedAt) / 1000;
