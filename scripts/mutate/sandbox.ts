import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applyMutation, type Mutation } from "./mutation.ts";

/** What a run of tests came to: which test failed first, that all passed, or that no test failed but the run did not pass. */
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

/** A hang inside workerd stops vitest's own timeouts too. */
const MUTATED_RUN_TIMEOUT_MS = 5 * 60_000;
const WHOLE_RUN_TIMEOUT_MS = 30 * 60_000;
/** Rounds of test/objects/concurrent.test.ts: more than it takes to find what is listed. */
const FUZZ_ROUNDS = "40";
const MAX_OUTPUT = 4000;

/** A copy of the working tree, uncommitted changes included, in which source may be broken and tests run. */
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

  /** Applies a mutation, runs the tests that must notice, and puts the source back. */
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

  /** Runs test files, up to the first test that fails. */
  async run(tests: readonly string[], only?: string, timeoutMs = WHOLE_RUN_TIMEOUT_MS): Promise<Verdict> {
    const report = join(this.#folder, "report.json");
    rmSync(report, { force: true });
    const filter = only === undefined ? [] : ["-t", only];
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
    const output = await this.#vitest(["run", "--bail=1", ...reporters, ...filter, ...tests], timeoutMs);
    return existsSync(report) ? verdictOf(JSON.parse(readFileSync(report, "utf8")) as Report, output) : broken(output);
  }

  async #vitest(args: readonly string[], timeoutMs: number): Promise<string> {
    // A process group of its own, so that workerd, its child, ends with it.
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
      // The group has ended by itself.
    }
    this.#child = null;
  }

  /** Ends what is running and deletes the copy. */
  close(): void {
    this.#kill();
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function verdictOf({ success, testResults }: Report, output: string): Verdict {
  const tests = testResults.flatMap(({ assertionResults }) => assertionResults);
  const failed = tests.find(({ status }) => status === "failed");
  if (failed !== undefined) return { kind: "failed", test: failed.fullName };
  // A name that matches nothing skips every test and passes.
  const ran = tests.some(({ status }) => status === "passed");
  return success && ran ? { kind: "passed" } : broken(output);
}

const broken = (output: string): Verdict => ({ kind: "broken", output });
