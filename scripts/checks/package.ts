/** Packs the package like npm and checks it with publint and "are the types wrong". */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packPackage } from "../library/pack.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-session-context-pack-"));
let failed = false;
try {
  const tarball = packPackage(folder);
  for (const [tool, ...args] of [
    ["publint", "run", tarball, "--strict"],
    // The package is ESM only, so `require` does not matter.
    ["attw", tarball, "--profile", "esm-only", "--format", "ascii"],
  ] as const) {
    try {
      execFileSync(tool, args, { stdio: ["ignore", "pipe", "pipe"], encoding: "utf8" });
    } catch (error) {
      const { stdout, stderr } = error as { stdout?: string; stderr?: string };
      console.error(`${tool} found a fault:\n${stdout ?? ""}${stderr ?? ""}`);
      failed = true;
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
