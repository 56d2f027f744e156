/** Runs the official conformance suite of the protocol as a command. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cli = fileURLToPath(
  new URL("../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url),
);

export const REVISIONS = ["2025-11-25", "2026-07-28"] as const;
export type Revision = (typeof REVISIONS)[number];

export interface Check {
  readonly id: string;
  readonly status: "SUCCESS" | "FAILURE" | "WARNING" | "SKIPPED" | "INFO";
  readonly errorMessage?: string;
}

export interface Outcome {
  /** 0 if the suite counts the scenario as passed, also if it was skipped. */
  readonly exitCode: number;
  /** Empty if the suite did not run the scenario. */
  readonly checks: readonly Check[];
  readonly output: string;
}

/** The requirements of a revision, and the scenarios that the suite runs without scoring them. */
export interface Requirements {
  readonly scored: readonly string[];
  readonly unscored: readonly string[];
}

/** Runs one scenario against the MCP endpoint `url`; the suite writes its results into `folder`, which must be empty. */
export async function runScenario(scenario: string, revision: Revision, url: string, folder: string): Promise<Outcome> {
  const which = ["--scenario", scenario, "--spec-version", revision];
  const { exitCode, output } = await suite(["server", "--url", url, ...which, "--output-dir", folder]);
  const [checks = []] = (await checksIn(folder)).values();
  return { exitCode, checks, output };
}

/** Runs all scenarios that `revision` requires of servers, scored or not. Returns the checks of each. */
export async function runRequirements(
  revision: Revision,
  url: string,
  folder: string,
): Promise<Map<string, readonly Check[]>> {
  await suite(["server", "--url", url, "--requirements", revision, "--output-dir", folder]);
  return checksIn(folder);
}

/** Reads the suite's own list of a revision's requirements. */
export async function listRequirements(revision: Revision): Promise<Requirements> {
  const { output } = await suite(["list", "--requirements", revision]);
  const [, scored = ""] = output.split(/^Server scenarios.*:$/m);
  const names = (text: string, pattern: RegExp) => Array.from(text.matchAll(pattern), ([, name = ""]) => name);
  return {
    scored: names(scored.split(/^\S/m)[0] ?? "", /^ *- (\S+)$/gm),
    unscored: names(output, /^ *- (\S+) \[server\]$/gm),
  };
}

/** All server scenarios that the suite has, each with the revisions that it belongs to. */
export async function listScenarios(): Promise<Map<string, readonly string[]>> {
  const { output } = await suite(["list", "--server"]);
  const rows = output.matchAll(/^ *- (\S+) \[(.*)\]$/gm);
  return new Map(Array.from(rows, ([, name = "", revisions = ""]) => [name, revisions.split(",")]));
}

/** One folder per scenario, `server-<scenario>-<time>`; a scenario that the suite skips leaves an empty one or none. */
async function checksIn(folder: string): Promise<Map<string, readonly Check[]>> {
  const files = (await readdir(folder, { recursive: true }).catch(() => [])).filter((file) =>
    file.endsWith("checks.json"),
  );
  const entries = files.map(async (file) => {
    const scenario = /server-(.+)-\d{4}-\d\d-\d\dT/.exec(file)?.[1] ?? file;
    return [scenario, JSON.parse(await readFile(join(folder, file), "utf8")) as Check[]] as const;
  });
  return new Map(await Promise.all(entries));
}

async function suite(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args], { maxBuffer: 64 * 1024 * 1024 });
    return { exitCode: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout?: string; stderr?: string };
    return { exitCode: typeof code === "number" ? code : -1, output: `${stdout ?? ""}${stderr ?? ""}` };
  }
}
