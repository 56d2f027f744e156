/** Processor time of a Worker's startup, by `wrangler check startup`: the time in which its profile is not idle. */
import { join } from "node:path";
import { wrangler } from "../library/build.ts";
import type { Peer } from "../library/peers.ts";

export function startupMs(peer: Peer, folder: string): number | null {
  const outfile = join(folder, `${peer.name}-startup.cpuprofile`);
  try {
    const output = wrangler(["check", "startup", "--config", peer.config, "--outfile", outfile]);
    const active = /Active: ([\d.]+) ms/.exec(output)?.[1];
    return active === undefined ? null : Number(active);
  } catch {
    return null;
  }
}
