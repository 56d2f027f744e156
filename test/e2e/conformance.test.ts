import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listScenarios, type Outcome, type Revision, runScenario } from "../../scripts/conformance/suite.ts";
import { RUNS } from "./support/conformance.ts";
import { sharedServer } from "./support/servers.ts";

const url = sharedServer();

describe("the official conformance suite", () => {
  const folder = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const outcomes = new Map<number, Outcome>();

  // Two at a time: each run is a separate process whose startup takes longer than its checks.
  beforeAll(async () => {
    const waiting = [...RUNS.entries()];
    const work = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [i, run] = next;
        outcomes.set(i, await runScenario(run.scenario, run.revision, `${url()}/mcp`, join(folder, String(i))));
      }
    };
    await Promise.all([work(), work()]);
  });

  it.each(RUNS.map((run, i) => ({ i, ...run })))("passes $scenario of $revision", ({ i, except }) => {
    const { checks, exitCode, output } = outcomes.get(i) ?? { checks: [], exitCode: -1, output: "" };
    const excepted = Object.values(except ?? {}).flat();
    const succeeded = checks.filter((check) => check.status === "SUCCESS");
    // A scenario that the suite skips has no checks and counts as passed there, but not here.
    expect(succeeded, output).not.toEqual([]);
    const others = checks.filter((check) => check.status !== "SUCCESS");
    expect(others.map((check) => check.id).toSorted(), output).toEqual(excepted.toSorted());
    if (excepted.length === 0) expect(exitCode, output).toBe(0);
  });
});

describe("docs/conformance.md", () => {
  const text = readFileSync(new URL("../../docs/conformance.md", import.meta.url), "utf8");
  const rows = Array.from(text.matchAll(/^\| `([\w-]+)` \| (.+?) \| (.+?) \|/gm), ([, name = "", old, modern]) => ({
    name,
    cells: { "2025-11-25": old, "2026-07-28": modern },
  }));
  const revisions = ["2025-11-25", "2026-07-28"] as const;

  it("lists every server scenario of the suite, and its revisions", async () => {
    const scenarios = await listScenarios();
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...scenarios.keys()].toSorted());
    for (const { name, cells } of rows) {
      const belongsTo = revisions.filter((revision) => cells[revision] !== "–");
      expect(belongsTo, name).toEqual(revisions.filter((revision) => scenarios.get(name)?.includes(revision)));
    }
  });

  it("marks as run exactly the scenarios that are run here", () => {
    const documented = (revision: Revision, cell: string) =>
      rows.filter(({ cells }) => cells[revision] === cell).map(({ name }) => name);
    for (const revision of revisions) {
      const runs = RUNS.filter((run) => run.revision === revision);
      const names = (inPart: boolean) =>
        runs.filter(({ except }) => (except !== undefined) === inPart).map(({ scenario }) => scenario);
      expect(documented(revision, "run").toSorted()).toEqual(names(false).toSorted());
      expect(documented(revision, "in part").toSorted()).toEqual(names(true).toSorted());
    }
  });
});
