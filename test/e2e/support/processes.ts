import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));

export interface Script {
  readonly pid: number;
  stdout(): string;
  stderr(): string;
  /** Signals the script's own process only, not those that it has started. */
  kill(signal: NodeJS.Signals): void;
  /** Its exit code, once it has ended; null if a signal ended it. */
  readonly exitCode: Promise<number | null>;
}

/** Runs a script of this project with Node, for the current test; what is left of it when the test ends is killed. */
export const runScript = (script: string, args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  run(process.execPath, [script, ...args], env);

/** The same for any command. */
export function run(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Script {
  const child: ChildProcess = spawn(command, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Cannot run ${command}`);
  const exitCode = new Promise<number | null>((resolve) => child.once("exit", (code) => resolve(code)));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      printed[name] += text;
    });
  }
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await exitCode;
  });
  return {
    pid,
    exitCode,
    stdout: () => printed.stdout,
    stderr: () => printed.stderr,
    kill: (signal) => child.kill(signal),
  };
}

interface ProcessRow {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All processes that live; those that have ended but were not yet collected by their parent do not count. */
function processes(): ProcessRow[] {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined || state?.startsWith("Z")
      ? []
      : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}

/** The processes that `pid` has started, and those that they have started. */
export function descendantsOf(pid: number): ProcessRow[] {
  const all = processes();
  const below = (parent: number): ProcessRow[] =>
    all.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.pid)]);
  return below(pid);
}

/** Which of `rows` still live. */
export function survivorsOf(rows: readonly ProcessRow[]): ProcessRow[] {
  return processes().filter(({ pid, command }) => rows.some((row) => row.pid === pid && row.command === command));
}
