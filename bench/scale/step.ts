/** One number of sessions: opened, counted and used; some ended, the others left to expire. */
import { join } from "node:path";
import { peerOf } from "../library/peers.ts";
import { median, rounded } from "../library/statistics.ts";
import { startPeer } from "../library/workerd.ts";
import { AWAKE_MS, AwakeObjects } from "./awake-objects.ts";
import { ask, bytesIn, countOf, untilNone, watchMemory } from "./tools.ts";

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
  /** How many counts were compared with the expected number. */
  readonly countsChecked: number;
}

export interface ScaleStepOptions {
  readonly sessions: number;
  readonly modules: Readonly<Record<string, string>>;
  readonly folder: string;
  /** Sessions that this machine opens per second; determines an idle timeout long enough to open all of them. */
  readonly expectedPerSecond: number;
  readonly onProgress: (text: string) => void;
}

const COUNTS = 100;
const CHECKPOINTS = 10;
/** After all have been opened, one in so many is used, and as many others are ended. */
const USED_ONE_IN = 20;
const DIRECTORY = "/home/me/projects/shop/frontend";

export async function scaleStep(options: ScaleStepOptions): Promise<ScaleStep> {
  const { sessions, modules, folder, expectedPerSecond, onProgress } = options;
  const awake = new AwakeObjects();
  // One and a half times the expected time for opening and using them.
  const perSecond = Math.min(expectedPerSecond, awake.perSecond);
  const idleTimeoutSeconds = Math.ceil(45 + (sessions / perSecond) * 1.5);
  const vars = { SESSION_IDLE_TIMEOUT_SECONDS: String(idleTimeoutSeconds) };
  onProgress(`${sessions} sessions, idle timeout ${idleTimeoutSeconds} s`);
  const server = await startPeer(peerOf("service"), { modules, folder, vars });
  const memory = watchMemory(server.pid);
  let countsChecked = 0;
  const check = async (wanted: number, when: string) => {
    const total = await countOf(server);
    if (total !== wanted) throw new Error(`${when}: the count is ${total}, and ${wanted} sessions are active`);
    countsChecked++;
  };

  await check(0, "before the first session");
  let openSeconds = 0;
  const part = sessions / CHECKPOINTS;
  for (let opened = 0; opened < sessions; opened += part) {
    openSeconds += await awake.together(part, async (n) => {
      await ask(server, { session: `session-${opened + n}`, directory: DIRECTORY });
    });
    await check(opened + part, `after opening ${opened + part}`);
  }
  const opensPerSecond = sessions / openSeconds;
  onProgress(`  opened, ${Math.round(opensPerSecond)} a second`);

  const some = sessions / USED_ONE_IN;
  const getSeconds = await awake.together(some, async (n) => {
    const { directory } = (await ask(server, { session: `session-${n * USED_ONE_IN}` })) as { directory: string };
    if (directory !== DIRECTORY) throw new Error(`session-${n * USED_ONE_IN} has forgotten its directory`);
  });
  const getsPerSecond = some / getSeconds;
  await check(sessions, "after using some");
  await awake.together(some, async (n) => {
    await ask(server, { session: `session-${n * USED_ONE_IN + 1}`, operation: "end" });
  });
  await check(sessions - some, "after ending some");
  // Until eviction, an object's writes are stored twice: in the database and in its log.
  await new Promise((resolve) => setTimeout(resolve, AWAKE_MS));
  // Only now, because evicting thousands of objects uses the same thread. The first count wakes the shards again.
  await countOf(server);
  const counts: number[] = [];
  for (let n = 0; n < COUNTS; n++) {
    const startedAt = performance.now();
    await check(sessions - some, "with all sessions asleep");
    counts.push(performance.now() - startedAt);
  }
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
