import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { listRequirements, REVISIONS, runRequirements } from "../../scripts/conformance/suite.ts";
import { sharedServer } from "./support/servers.ts";

const url = sharedServer({ config: "test/conformance/wrangler.toml", vars: { LOG_LEVEL: "error" } });
const folder = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** As many as in the suite's own frozen lists: a list that fails to parse must not pass as an empty one. */
const SCORED = { "2025-11-25": 30, "2026-07-28": 37 };

/** Run and reported by the suite, but not scored. docs/conformance.md gives the reason for each. */
const UNSCORED_PASSING = {
  "2025-11-25": ["json-schema-2020-12", "server-session-lifecycle"],
  "2026-07-28": ["http-custom-header-server-validation", "http-header-validation", "json-schema-2020-12"],
};

describe("another author's server on the session layer", () => {
  it.each(REVISIONS)("passes every scenario that %s requires", async (revision) => {
    const [{ scored, unscored }, results] = await Promise.all([
      listRequirements(revision),
      runRequirements(revision, `${url()}/mcp`, join(folder, revision)),
    ]);
    expect(scored).toHaveLength(SCORED[revision]);
    const unsuccessful = scored.flatMap((scenario) => {
      const checks = results.get(scenario) ?? [];
      const wrong = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
      return checks.some(({ status }) => status === "SUCCESS") && wrong.length === 0 ? [] : [{ scenario, wrong }];
    });
    expect(unsuccessful).toEqual([]);
    const succeeding = unscored.filter((scenario) => {
      const statuses = (results.get(scenario) ?? []).map(({ status }) => status);
      return statuses.includes("SUCCESS") && !statuses.includes("FAILURE");
    });
    expect(succeeding.toSorted()).toEqual(UNSCORED_PASSING[revision]);
  });
});
