/** The official conformance suite of the protocol, run as the command that it is. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cli = fileURLToPath(new URL("../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url));
export const REVISIONS = ["2025-11-25", "2026-07-28"];
/** Runs one scenario against the MCP endpoint `url`; the suite writes its results into `folder`, which must be empty. */
export async function runScenario(scenario, revision, url, folder) {
  const which = ["--scenario", scenario, "--spec-version", revision];
  const { exitCode, output } = await suite(["server", "--url", url, ...which, "--output-dir", folder]);
  const [checks = []] = (await checksIn(folder)).values();
  return { exitCode, checks, output };
}
/** Runs all scenarios that `revision` requires of servers, scored or not: the checks of each. */
export async function runRequirements(revision, url, folder) {
  await suite(["server", "--url", url, "--requirements", revision, "--output-dir", folder]);
  return checksIn(folder);
}
/** The suite's own list of what a revision requires. */
export async function listRequirements(revision) {
  const { output } = await suite(["list", "--requirements", revision]);
  const [, scored = ""] = output.split(/^Server scenarios.*:$/m);
  const names = (text, pattern) => Array.from(text.matchAll(pattern), ([, name = ""]) => name);
  return {
    scored: names(scored.split(/^\S/m)[0] ?? "", /^ *- (\S+)$/gm),
    unscored: names(output, /^ *- (\S+) \[server\]$/gm),
  };
}
/** All server scenarios that the suite has, each with the revisions that it belongs to. */
export async function listScenarios() {
  const { output } = await suite(["list", "--server"]);
  const rows = output.matchAll(/^ *- (\S+) \[(.*)\]$/gm);
  return new Map(Array.from(rows, ([, name = "", revisions = ""]) => [name, revisions.split(",")]));
}
/** One folder per scenario, `server-<scenario>-<time>`; a scenario that the suite skips leaves an empty one or none. */
async function checksIn(folder) {
  const files = (await readdir(folder, { recursive: true }).catch(() => [])).filter((file) =>
    file.endsWith("checks.json"),
  );
  const entries = files.map(async (file) => {
    const scenario = /server-(.+)-\d{4}-\d\d-\d\dT/.exec(file)?.[1] ?? file;
    return [scenario, JSON.parse(await readFile(join(folder, file), "utf8"))];
  });
  return new Map(await Promise.all(entries));
}
async function suite(args) {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return { exitCode: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error;
    return { exitCode: typeof code === "number" ? code : -1, output: `${stdout ?? ""}${stderr ?? ""}` };
  }
}
