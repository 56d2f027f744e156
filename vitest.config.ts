import { availableParallelism } from "node:os";
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that start servers come first: they take longest, and no long one should be left over for one core in the end. */
class ServersFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const last = ({ project }: TestSpecification) => Number(project.name === "workerd");
    return (await super.sort(files)).toSorted((a, b) => last(a) - last(b));
  }
}

export default defineConfig({
  test: {
    silent: "passed-only",
    // Files wait for servers, browsers and time-outs more than they compute. vitest's own choice leaves a core unused.
    maxWorkers: availableParallelism() + 1,
    sequence: { sequencer: ServersFirst },
    projects: [
      {
        // Inside workerd: pure rules, Durable Objects, the whole fetch path.
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // Tests of limits and of counted calls switch them on for themselves; the others would get in each other's way.
            miniflare: { bindings: { RATE_LIMITS: "off", OPERATION_METRICS: "off" } },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/{unit,objects,worker}/**/*.test.ts"],
          testTimeout: 120_000,
          // `npm run fuzz` and `npm run fuzz:objects` do more.
          provide: {
            fuzzRuns: Number(process.env.FUZZ_RUNS ?? 1000),
            fuzzRounds: Number(process.env.FUZZ_ROUNDS ?? 200),
            fuzzSeed: Number(process.env.FUZZ_SEED ?? 1),
          },
        },
      },
      {
        // In Node, against servers that it starts as processes: real clients over HTTP.
        test: {
          name: "node",
          include: ["test/e2e/**/*.test.ts"],
          globalSetup: "test/e2e/support/build-package.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        // The same with a browser; where there is none they are skipped, and a line says so.
        test: {
          name: "browser",
          include: ["test/browser/**/*.test.ts"],
          globalSetup: "test/browser/support/announce.ts",
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
