import { execFileSync, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Runs a script of this project as npm does, for the current test; what is left of it when the test ends is killed. */
export function runScript(script, args = [], env = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  const pid = child.pid;
  if (pid === undefined) throw new Error(`Cannot run ${script}`);
  const exitCode = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"]) {
    child[name]?.setEncoding("utf8").on("data", (text) => {
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
/** All processes that live; those that have ended but were not yet collected by their parent do not count. */
function processes() {
  const lines = execFileSync("ps", ["-A", "-o", "pid=,ppid=,stat=,args="], { encoding: "utf8" }).split("\n");
  return lines.flatMap((line) => {
    const [, pid, parent, state, command] = /^\s*(\d+)\s+(\d+)\s+(\S+)\s+(.*)$/.exec(line) ?? [];
    return pid === undefined || command === undefined || state?.startsWith("Z")
      ? []
      : [{ pid: Number(pid), parent: Number(parent), command }];
  });
}
/** The processes that `pid` has started, and those that they have started. */
export function descendantsOf(pid) {
  const all = processes();
  const below = (parent) => all.filter((row) => row.parent === parent).flatMap((row) => [row, ...below(row.pid)]);
  return below(pid);
}
/** Which of `rows` still live. */
export function survivorsOf(rows) {
  return processes().filter(({ pid, command }) => rows.some((row) => row.pid === pid && row.command === command));
}
