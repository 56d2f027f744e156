/** Everything that is measured: each operation of each peer, by era, connections and sessions. */
import { IN_TURN, OPERATIONS, type OperationName, offers } from "../library/operations.ts";
import { type Era, PEERS, type PeerName } from "../library/peers.ts";

export interface Case {
  readonly peer: PeerName;
  readonly era: Era;
  readonly operation: OperationName;
  readonly connections: number;
  /** How many sessions the requests alternate between; 0: each request opens its own. */
  readonly sessions: number;
}

export const SESSIONS = 200;
const ERAS: readonly Era[] = ["modern", "none", "legacy"];

/**
 * In execution order: peers that do the same run one after the other, and the eras of one peer apart, so that the objects
 * of one era are evicted before the next begins.
 */
export function casesOf(connections: readonly number[]): Case[][] {
  return OPERATIONS.flatMap((operation) =>
    connections.flatMap((count) =>
      sessionsOf(operation, count).map((sessions) =>
        ERAS.flatMap((era) =>
          PEERS.filter((peer) => peer.eras.includes(era) && offers(peer, operation)).flatMap((peer) => {
            const one = { peer: peer.name, era, operation, connections: count, sessions };
            return operation === "get" && peer.calls ? [one, { ...one, operation: IN_TURN }] : [one];
          }),
        ),
      ),
    ),
  );
}

function sessionsOf(operation: OperationName, connections: number): number[] {
  if (operation === "open") return [0];
  return connections > 1 && (operation === "get" || operation === "set") ? [1, SESSIONS] : [1];
}

export const keyOf = ({ peer, era, operation, connections, sessions }: Case): string =>
  [peer, era, operation, connections, sessions].join(" ");
