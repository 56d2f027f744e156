/** Builds a peer as `wrangler deploy` would upload it. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Peer } from "./peers.ts";

export interface Build {
  /** The module that workerd loads. */
  readonly module: string;
  readonly sizeKiB: number;
  readonly gzipKiB: number;
}

const WRANGLER = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
const SIZES = /Total Upload: ([\d.]+) KiB \/ gzip: ([\d.]+) KiB/;

export const wrangler = (args: readonly string[]): string =>
  execFileSync(process.execPath, ["--no-warnings", WRANGLER, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "1" },
  });

/** @param options.minify Whether names are shortened. Default: as in the peer's wrangler.toml. */
export function build(peer: Peer, folder: string, { minify }: { minify?: boolean } = {}): Build {
  const minified = minify === undefined ? [] : [`--minify=${minify}`];
  const args = ["deploy", "--dry-run", "--config", peer.config, "--outdir", folder, ...minified];
  const output = wrangler(args);
  const [, size, gzip] = SIZES.exec(output) ?? [];
  const module = readdirSync(folder).find((name) => name.endsWith(".js"));
  if (size === undefined || gzip === undefined || module === undefined) {
    throw new Error(`wrangler built ${peer.name} without telling its size:\n${output}`);
  }
  return { module: join(folder, module), sizeKiB: Number(size), gzipKiB: Number(gzip) };
}
