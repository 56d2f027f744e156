/** The official conformance suite of the protocol: which of its scenarios concern this server, and how one is run. */
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const cli = fileURLToPath(
  new URL("../../../node_modules/@modelcontextprotocol/conformance/dist/index.js", import.meta.url),
);

export type Revision = "2025-11-25" | "2026-07-28";

export interface Run {
  readonly scenario: string;
  readonly revision: Revision;
  /** Checks that cannot succeed, by the reason. The rest must, and these must not: else they are listed wrongly. */
  readonly except?: Readonly<Record<string, readonly string[]>>;
}

const ANSWERS_ARE_JSON = { "answers are plain JSON, streams are optional": ["server-sse-streams-functional"] };

/** Every scenario that needs no tools, prompts or resources made for it. docs/conformance.md names the others. */
export const RUNS: readonly Run[] = [
  { scenario: "server-initialize", revision: "2025-11-25" },
  { scenario: "server-session-lifecycle", revision: "2025-11-25" },
  { scenario: "ping", revision: "2025-11-25" },
  { scenario: "tools-list", revision: "2025-11-25" },
  { scenario: "dns-rebinding-protection", revision: "2025-11-25" },
  { scenario: "server-sse-multiple-streams", revision: "2025-11-25", except: ANSWERS_ARE_JSON },
  { scenario: "tools-list", revision: "2026-07-28" },
  { scenario: "http-header-validation", revision: "2026-07-28" },
  { scenario: "dns-rebinding-protection", revision: "2026-07-28" },
  { scenario: "input-required-result-unsupported-methods", revision: "2026-07-28" },
  { scenario: "server-sse-multiple-streams", revision: "2026-07-28", except: ANSWERS_ARE_JSON },
  {
    scenario: "server-stateless",
    revision: "2026-07-28",
    except: {
      "needs fixture tools": [
        "sep-2575-server-rejects-undeclared-capability",
        "sep-2575-missing-capability-http-400",
        "sep-2575-http-server-no-independent-requests-on-stream",
        "sep-2575-server-no-log-without-loglevel",
      ],
      "no list here ever changes": [
        "sep-2575-server-sends-prompts-list-changed-on-subscription",
        "sep-2575-server-sends-tools-list-changed-on-subscription",
      ],
    },
  },
  {
    scenario: "caching",
    revision: "2026-07-28",
    except: {
      "no prompts": ["sep-2549-prompts-list-caching-hints"],
      "no resources": [
        "sep-2549-resources-list-caching-hints",
        "sep-2549-resources-templates-list-caching-hints",
        "sep-2549-resources-read-caching-hints",
      ],
    },
  },
];

export interface Check {
  readonly id: string;
  readonly status: string;
  readonly errorMessage?: string;
}

export interface Outcome {
  /** 0 if the suite counts the scenario as passed, also where it was skipped. */
  readonly exitCode: number;
  /** Empty if the suite has not run the scenario. */
  readonly checks: readonly Check[];
  readonly output: string;
}

/** Runs one scenario against the MCP endpoint `url`; the suite writes its results into `folder`, which must be empty. */
export async function runScenario({ scenario, revision }: Run, url: string, folder: string): Promise<Outcome> {
  const args = ["server", "--url", url, "--scenario", scenario, "--spec-version", revision, "--output-dir", folder];
  const { exitCode, output } = await suite(args);
  return { exitCode, checks: await checksIn(folder), output };
}

/** A scenario that the suite skips leaves an empty folder or none. */
async function checksIn(folder: string): Promise<Check[]> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const file = files.find((name) => name.endsWith("checks.json"));
  return file === undefined ? [] : JSON.parse(await readFile(join(folder, file), "utf8"));
}

/** All server scenarios that the suite has, each with the revisions that it belongs to. */
export async function listScenarios(): Promise<Map<string, readonly string[]>> {
  const { output } = await suite(["list", "--server"]);
  const rows = output.matchAll(/^ *- (\S+) \[(.*)\]$/gm);
  return new Map(Array.from(rows, ([, name = "", revisions = ""]) => [name, revisions.split(",")]));
}

async function suite(args: readonly string[]): Promise<{ exitCode: number; output: string }> {
  try {
    const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args]);
    return { exitCode: 0, output: stdout };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: unknown; stdout?: string; stderr?: string };
    return { exitCode: typeof code === "number" ? code : -1, output: `${stdout ?? ""}${stderr ?? ""}` };
  }
}
