/** This project's performance goals, and whether the results meet them. */

import { aligned } from "../library/aligned.ts";
import { IN_TURN } from "../library/operations.ts";
import { rounded } from "../library/statistics.ts";
import type { Case } from "./cases.ts";
import { find, type PeerResult, type Results, ratioOf } from "./results.ts";

interface Goal {
  readonly figure: string;
  readonly wanted: string;
  readonly measured: number | null;
  readonly holds: boolean;
}

export function goalsOf({ cases, peers }: Results): Goal[] {
  const goals: Goal[] = [];
  const atLeast = (figure: string, wanted: number, measured: number | null) =>
    goals.push({ figure, wanted: `≥ ${wanted}`, measured, holds: measured !== null && measured >= wanted });
  const atMost = (figure: string, wanted: number, measured: number | null) =>
    goals.push({ figure, wanted: `≤ ${wanted}`, measured, holds: measured !== null && measured <= wanted });
  const busy = (one: Partial<Case>) => find(cases, { connections: 16, ...one });

  for (const era of ["modern", "legacy"] as const) {
    for (const sessions of [1, 200]) {
      const where = `${era}, ${sessions === 1 ? "one session" : `${sessions} sessions`}`;
      for (const operation of ["get", "set"] as const) {
        const ours = busy({ peer: "ours", era, operation, sessions });
        const agent = busy({ peer: "mcp-agent", operation, sessions });
        atLeast(`${operation}, ${where}: × McpAgent's requests/s`, 4, ratioOf(ours, agent));
        atMost(
          `${operation}, ${where}: part of McpAgent's p50`,
          0.33,
          ours && agent ? rounded(ours.p50Ms / agent.p50Ms) : null,
        );
        atLeast(
          `${operation}, ${where}: × SDK + object`,
          1.5,
          ratioOf(ours, busy({ peer: "sdk-object", era, operation, sessions })),
        );
        if (operation === "get") {
          atLeast(`get, ${where}: part of the floor`, 0.6, ratioOf(ours, busy({ peer: "floor", operation, sessions })));
        }
      }
    }
    const opened = busy({ peer: "ours", era, operation: "open" });
    atLeast(`open, ${era}: × McpAgent's`, 5, ratioOf(opened, busy({ peer: "mcp-agent", operation: "open" })));
  }
  for (const sessions of [1, 200]) {
    const service = busy({ peer: "service", operation: "get", sessions });
    const floor = busy({ peer: "floor", operation: "get", sessions });
    const hop = busy({ peer: "floor-service", operation: "get", sessions });
    const inTurn = busy({ peer: "service", operation: IN_TURN, sessions });
    const where = sessions === 1 ? "one session" : `${sessions} sessions`;
    atLeast(`get over RPC, 20 for one HTTP request, ${where}: part of the floor`, 0.9, ratioOf(inTurn, floor));
    atLeast(`get over RPC, one for one HTTP request, ${where}: part of the floor`, 0.9, ratioOf(service, floor));
    atLeast(`get over RPC, one for one HTTP request, ${where}: part of the floor over RPC`, 0.9, ratioOf(service, hop));
  }
  const gzip = (peer: PeerResult | undefined) => peer?.bundle.gzipKiB ?? Number.NaN;
  atMost("bundle, gzip: part of McpAgent's", 0.25, rounded(gzip(peers.ours) / gzip(peers["mcp-agent"])));

  const costs = peers.ours?.costs ?? [];
  const wanted: readonly (readonly [string, number, number | null])[] = [
    ["initialize", 0, null],
    ["first set", 2, null],
    ["get", 1, 1],
    ["get, again", 1, 0],
    ["set", 1, 2],
    ["tools/list", 0, null],
  ];
  for (const { era, operation, requests, rowsWritten } of costs) {
    const [, mostRequests, mostRows] = wanted.find(([name]) => name === operation) ?? [];
    if (mostRequests !== undefined && (operation !== "tools/list" || era === "modern")) {
      atMost(`object requests: ${operation}, ${era}`, mostRequests, requests);
    }
    if (mostRows !== undefined && mostRows !== null)
      atMost(`rows written: ${operation}, ${era}`, mostRows, rowsWritten);
  }
  return goals;
}

export const goalsTable = (results: Results): string =>
  `Goals\n${aligned([
    ["figure", "wanted", "measured", "holds"],
    ...goalsOf(results).map(({ figure, wanted, measured, holds }) => [figure, wanted, measured, holds ? "yes" : "NO"]),
  ])}`;
