import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyMutation, type Mutation } from "./mutation.ts";

/** Result of a test run. `failed`: the first failing test; `broken`: no test failed, but the run did not pass. */
export type Verdict =
  | { readonly kind: "failed"; readonly test: string }
  | { readonly kind: "passed" }
  | { readonly kind: "broken"; readonly output: string };

interface Report {
  readonly success: boolean;
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** A hang inside workerd also blocks vitest's own timeouts. */
const MUTATED_RUN_TIMEOUT_MS = 5 * 60_000;
const WHOLE_RUN_TIMEOUT_MS = 30 * 60_000;
/** Rounds of test/objects/concurrent.test.ts: more than enough to detect the listed mutations. */
const FUZZ_ROUNDS = "40";
const MAX_OUTPUT = 4000;

/** A copy of the working tree, uncommitted changes included, for breaking source and running tests. */
export class Sandbox {
  readonly #folder: string;
  #child: ChildProcess | null = null;

  constructor(root: string) {
    mkdirSync(join(root, ".wrangler"), { recursive: true });
    this.#folder = mkdtempSync(join(root, ".wrangler", "mutate-"));
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: root });
    for (const file of new Set(listed.toString().split("\0"))) {
      if (file !== "" && existsSync(join(root, file))) cpSync(join(root, file), join(this.#folder, file));
    }
    symlinkSync(join(root, "node_modules"), join(this.#folder, "node_modules"));
  }

  /** Applies a mutation, runs its tests, and restores the source. */
  async runMutated(mutation: Mutation): Promise<Verdict> {
    const file = join(this.#folder, mutation.file);
    const source = readFileSync(file, "utf8");
    const mutated = applyMutation(source, mutation);
    if (!mutated.ok) return broken(mutated.failure);
    writeFileSync(file, mutated.value);
    try {
      return await this.run(mutation.tests, mutation.only, MUTATED_RUN_TIMEOUT_MS);
    } finally {
      writeFileSync(file, source);
    }
  }

  /** Runs test files until the first test fails. */
  async run(tests: readonly string[], only?: string, timeoutMs = WHOLE_RUN_TIMEOUT_MS): Promise<Verdict> {
    const report = join(this.#folder, "report.json");
    rmSync(report, { force: true });
    const filter = only === undefined ? [] : ["-t", only];
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const output = await this.#vitest(["run", "--bail=1", ...reporters, ...filter, ...tests], timeoutMs);
    return existsSync(report) ? verdictOf(JSON.parse(readFileSync(report, "utf8")) as Report, output) : broken(output);
  }

  async #vitest(args: readonly string[], timeoutMs: number): Promise<string> {
    // Its own process group, so that workerd, its child, ends with it.
    const child = spawn("vitest", args, {
      cwd: this.#folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, FUZZ_ROUNDS },
    });
    this.#child = child;
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        output = (output + text).slice(-MAX_OUTPUT);
      });
    }
    const timer = setTimeout(() => this.#kill(), timeoutMs);
    await new Promise<void>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", () => resolve());
    });
    clearTimeout(timer);
    this.#kill();
    return output;
  }

  #kill(): void {
    const pid = this.#child?.pid;
    try {
      if (pid !== undefined) process.kill(-pid, "SIGKILL");
    } catch {
      // The process group has already ended.
    }
    this.#child = null;
  }

  /** Ends the running tests and deletes the copy. */
  close(): void {
    this.#kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function verdictOf({ success, testResults }: Report, output: string): Verdict {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === "failed");
  if (failed !== undefined) return { kind: "failed", test: failed.fullName };
  // A filter that matches no test skips all of them and passes.
  const ran = tests.some(({ status }) => status === "passed");
  return success && ran ? { kind: "passed" } : broken(output);
}

const broken = (output: string): Verdict => ({ kind: "broken", output });
