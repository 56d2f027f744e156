import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Before the tests in Node: what they pack and what the examples import is the source as it is now. */
export default function buildPackage(): void {
  execFileSync("npm", ["run", "build"], { cwd: root, stdio: "pipe" });
}
