import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Packs dist/ into `folder` as `npm publish` would, and returns the tarball's path. */
export function packPackage(folder: string): string {
  const args = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
  const printed = execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
  const packed: unknown = JSON.parse(printed);
  // npm 11 prints a list, npm 12 an object by package name.
  const [entry] = Object.values(packed as Record<string, { filename: string }>);
  if (entry === undefined) throw new Error(`npm pack printed no package: ${printed}`);
  return join(folder, entry.filename);
}

/** Unpacks a tarball into `folder`, as an installation would. */
export function unpackPackage(tarball: string, folder: string): void {
  mkdirSync(folder, { recursive: true });
  execFileSync("tar", ["-xzf", tarball, "-C", folder, "--strip-components", "1"]);
}
