/** Runs all cases in turn, over several rounds, so that other load on the machine affects all cases alike. */

import {
  DIRECTORY,
  EXPECTED,
  initialize,
  OTHER_DIRECTORY,
  openSession,
  requestOf,
  sendChecked,
  timesOf,
} from "../library/operations.ts";
import type { PeerName } from "../library/peers.ts";
import { together } from "../library/together.ts";
import { cpuSeconds, type RunningPeer } from "../library/workerd.ts";
import { type Generator, type Load, runLoad, SESSION_PLACEHOLDER } from "../load/load.ts";
import { type Case, keyOf, SESSIONS } from "./cases.ts";

export interface Sample {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the whole workerd process, Durable Objects included; null if it cannot be read. */
  readonly cpuMicroseconds: number | null;
}

export interface RoundsOptions {
  readonly servers: Readonly<Record<string, RunningPeer>>;
  /** Cases in one group are compared with each other. */
  readonly groups: readonly (readonly Case[])[];
  readonly generator: Generator;
  readonly rounds: number;
  readonly seconds: number;
  readonly onProgress: (text: string) => void;
}

const CONCURRENCY = 16;

/** Opening a session writes the most, and so takes the longest. */
const LONGER = 3;

/** The samples of each case, one per round. */
export async function runRounds(options: RoundsOptions): Promise<Map<string, Sample[]>> {
  const { servers, groups, generator, rounds, seconds, onProgress } = options;
  const sessions = await openAll(servers);
  const samples = new Map<string, Sample[]>();
  // The round before the first is a warm-up.
  for (let round = 0; round <= rounds; round++) {
    onProgress(round === 0 ? "Warming up" : `Round ${round} of ${rounds}`);
    for (const group of groups) {
      if (round === 0 && !warmsUp(group[0])) continue;
      for (let turn = 0; turn < group.length; turn++) {
        const one = group[(turn + round) % group.length] as Case;
        const server = servers[one.peer] as RunningPeer;
        const known = sessions.get(`${one.peer} ${one.era}`) ?? [];
        const load = await prepare(server, one, known.slice(0, one.sessions));
        const sample = await measure(
          generator,
          { ...load, seconds: one.operation === "open" ? seconds * LONGER : seconds },
          server.pid,
          one,
        );
        if (round > 0) samples.set(keyOf(one), [...(samples.get(keyOf(one)) ?? []), sample]);
      }
    }
  }
  return samples;
}

const warmsUp = (one: Case | undefined): boolean =>
  one !== undefined &&
  one.connections > 1 &&
  (one.operation === "get" || one.operation === "set") &&
  one.sessions === 1;

async function openAll(servers: RoundsOptions["servers"]): Promise<Map<string, string[]>> {
  const sessions = new Map<string, string[]>();
  for (const [name, { url, peer }] of Object.entries(servers) as [PeerName, RunningPeer][]) {
    for (const era of peer.eras) {
      const opened: string[] = [];
      await together(SESSIONS, CONCURRENCY, async () => void opened.push(await openSession(url, era)));
      sessions.set(`${name} ${era}`, opened);
    }
  }
  return sessions;
}

/** The load of a case. Every request is sent once beforehand, so that waking an object is not measured. */
async function prepare({ url }: RunningPeer, one: Case, sessions: readonly string[]): Promise<Omit<Load, "seconds">> {
  const { operation, era, connections } = one;
  if (operation === "open") {
    const opening = initialize(era);
    await openSession(url, era);
    const session = opening === null ? undefined : SESSION_PLACEHOLDER;
    return { url, requests: [requestOf("open", era, session)], opening, connections };
  }
  const directories = operation === "set" ? [OTHER_DIRECTORY, DIRECTORY] : [DIRECTORY];
  const requests = directories.flatMap((path) => sessions.map((session) => requestOf(operation, era, session, path)));
  await together(requests.length, CONCURRENCY, async (n) => {
    const request = requests[n];
    if (request) await sendChecked(url, request, EXPECTED[operation]);
  });
  return { url, requests, opening: null, connections };
}

async function measure(generator: Generator, load: Load, pid: number, one: Case): Promise<Sample> {
  const before = cpuSeconds(pid);
  let result = await runLoad(generator, load);
  // No operation completed: the disk is busy with other work.
  if (result.operations === 0) result = await runLoad(generator, { ...load, seconds: load.seconds * LONGER });
  const after = cpuSeconds(pid);
  const { seconds, p50Ms, p99Ms, errors } = result;
  const operations = result.operations * timesOf(one.operation);
  if (errors > 0 || operations === 0) throw new Error(`${keyOf(one)}: ${errors} errors among ${operations} operations`);
  const cpuMicroseconds = before === null || after === null ? null : ((after - before) * 1e6) / operations;
  return { perSecond: operations / seconds, p50Ms, p99Ms, cpuMicroseconds };
}
