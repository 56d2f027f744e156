/** Counts the Durable Object calls and the written rows of each operation of a peer, in a separate build. */
import { readFileSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  EXPECTED,
  initialize,
  OPERATIONS,
  offers,
  openSession,
  requestOf,
  sendChecked,
} from "../library/operations.ts";
import type { Era, Peer } from "../library/peers.ts";
import { startPeer } from "../library/workerd.ts";

export interface OperationCost {
  readonly era: Era;
  readonly operation: string;
  readonly requests: number;
  readonly rowsWritten: number;
  readonly rowsRead: number;
  /** Size of the largest database of each class until then. */
  readonly databaseBytes: Readonly<Record<string, number>>;
  /** Calls by class. */
  readonly calls: Readonly<Record<string, number>>;
}

/** Long enough for the work that an object does after it has answered. */
const SETTLE_MS = 200;

/** Ours rounds deadlines up to 1/1440 of the idle timeout. Here two seconds stand for the minute of a deployment. */
const ROUNDING_MS = 2000;
// Reports of counted calls come later and are not part of an operation's cost.
const VARS = { OPERATION_METRICS: "off", SESSION_IDLE_TIMEOUT_SECONDS: String((ROUNDING_MS / 1000) * 1440) };

/** Enough to use every registry shard first, so that neither its tables nor its first row of a minute are counted. */
const SESSIONS_BEFORE = 100;
const MINUTE_MS = 60_000;
/** The part of a minute that these and the counted operations need. */
const ROOM_MS = 15_000;

export async function countCosts(
  peer: Peer,
  modules: Readonly<Record<string, string>>,
  folder: string,
): Promise<OperationCost[]> {
  const wrapper = join(folder, "metered.js");
  writeFileSync(wrapper, wrapperText(peer));
  const server = await startPeer(peer, { modules, folder: join(folder, "metered"), wrapper, vars: VARS });
  const costs: OperationCost[] = [];
  const counted = async (era: Era, operation: string, run: () => Promise<unknown>) => {
    await meter(server.url, 0);
    await run();
    costs.push({ era, operation, ...(await meter(server.url)) });
  };
  for (const era of peer.eras) {
    const left = MINUTE_MS - (Date.now() % MINUTE_MS);
    if (left < ROOM_MS) await new Promise((resolve) => setTimeout(resolve, left));
    for (let n = 0; n < SESSIONS_BEFORE; n++) await openSession(server.url, era);
    const first = initialize(era);
    let session: string | undefined;
    if (first !== null) {
      await counted(era, "initialize", async () => {
        session = (await sendChecked(server.url, first, "protocolVersion")).session ?? undefined;
      });
    }
    await counted(era, "first set", () => sendChecked(server.url, requestOf("set", era, session), EXPECTED.set));
    session = await openSession(server.url, era);
    for (const operation of OPERATIONS) {
      if (operation === "open" || !offers(peer, operation)) continue;
      const send = () => sendChecked(server.url, requestOf(operation, era, session), EXPECTED[operation]);
      await new Promise((resolve) => setTimeout(resolve, ROUNDING_MS - (Date.now() % ROUNDING_MS)));
      await counted(era, operation, send);
      await counted(era, `${operation}, again`, send);
    }
  }
  await server.stop();
  if (peer.name === "ours") costs.push(await countExpiry(peer, modules, folder, wrapper));
  return costs;
}

/** The cost until an unused context is gone. The peers keep theirs, or delete them after a fixed time. */
async function countExpiry(
  peer: Peer,
  modules: Readonly<Record<string, string>>,
  folder: string,
  wrapper: string,
): Promise<OperationCost> {
  const vars = { SESSION_IDLE_TIMEOUT_SECONDS: "2" };
  const server = await startPeer(peer, { modules, folder: join(folder, "expiry"), wrapper, vars });
  await openSession(server.url, "modern");
  await meter(server.url);
  const cost = await meter(server.url, 4000);
  await server.stop();
  return { era: "none", operation: "expiry", ...cost };
}

async function meter(url: string, settleMs = SETTLE_MS): Promise<Omit<OperationCost, "era" | "operation">> {
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return (await (await fetch(`${url}/__meter`)).json()) as Omit<OperationCost, "era" | "operation">;
}

function wrapperText(peer: Peer): string {
  const meterSource = readFileSync(fileURLToPath(new URL("meter.ts", import.meta.url)), "utf8");
  const classes = Object.values(peer.objects);
  return `${stripTypeScriptTypes(meterSource)}
import * as peer from "peer.js";
export * from "peer.js";
${classes.map((name) => `const Metered${name} = meterObject(peer.${name}, "${name}");`).join("\n")}
export { ${classes.map((name) => `Metered${name} as ${name}`).join(", ")} };
export default meterWorker(peer.default);
`;
}
