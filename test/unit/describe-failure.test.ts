import { describe, expect, it } from "vitest";
import { describeFailure } from "../../src/author/describe-failure.ts";
import type { ToolFailure } from "../../src/call/tool-failure.ts";
import type { ServiceFailure } from "../../src/rpc/session-service.ts";
import { describeOwnFailure } from "../../src/server/describe-own-failure.ts";
import { TOOLS } from "../../src/server/server.ts";

type AnyFailure = ToolFailure | ServiceFailure;
type Kind = AnyFailure["kind"];
type OfKind<K extends Kind> = Omit<Extract<AnyFailure, { kind: K }>, "kind">;

const id = "sess_1";
const key = "k";
const one = { id: "id-1", name: "one" };
const two = { id: "id-2", name: "two" };
const configPath = "/a/.codebase-mcp/config.json";

/** Examples of every kind, without its name: an added kind does not compile until it has one here. */
const EXAMPLES: { readonly [K in Kind]: readonly OfKind<K>[] } = {
  session_unknown: [{ sessionId: id }],
  session_deleted: [{ sessionId: id }],
  session_unavailable: [{ sessionId: id }],
  outcome_unknown: [{ sessionId: id }],
  no_context: [{ sessionId: id }, { sessionId: null }],
  path_invalid: [{ argument: "directory", fault: "relative", path: "a" }],
  registry_unavailable: [{ shards: [1] }],
  quota_exceeded: [{ limit: 2, oldest: [{ sessionId: id, openedAt: 0 }] }],
  anonymous_refused: [{}],
  cursor_invalid: [{ cursor: "x" }],
  rate_limited: [{ retryAfterSeconds: 60 }],
  service_unnamed: [{}],
  session_id_invalid: [{ sessionId: "" }],
  state_key_invalid: [{ key }],
  state_value_invalid: [{ key, path: "$" }],
  state_too_many_keys: [{ key, limit: 64 }],
  state_conflict: [{ key }],
  state_mismatch: [{ key, problem: "not a number" }],
  state_too_large: [{ key, bytes: 2, limit: 1 }],
  config_invalid: [{ configPath, fault: { kind: "empty", field: null, value: "empty", rule: "must be JSON" } }],
  config_path_invalid: [
    { path: "x", fault: "relative" },
    { path: "/x", fault: "not_a_config" },
    { path: "/x", fault: "not_above" },
  ],
  config_missing: [{ path: configPath }],
  config_unregistered: [{ configPath }],
  catalog_unavailable: [{}],
  project_not_found: [
    { project: "one", near: [] },
    { project: "one", near: [two] },
  ],
  project_ambiguous: [{ name: "one", count: 7, matches: [{ id: "id-1", root: "/a" }] }],
  project_limit: [
    { root: "/a", configPath, limit: 1, unit: "projects" },
    { root: "/a", configPath, limit: 1, unit: "bytes" },
  ],
  project_mismatch: [{ named: one, configured: two, configPath }],
};

const CASES = Object.entries(EXAMPLES).flatMap(([kind, examples]) =>
  examples.map((example) => ({ ...example, kind }) as AnyFailure),
);

const OWN_TOOLS = new RegExp(TOOLS.map(({ name }) => name).join("|"));

describe("the text of a failure", () => {
  it.each(CASES)("$kind is worded for any author's tools, and mentions none of ours", (failure) => {
    const words = describeFailure(failure);
    expect(words).toMatch(/^\S.{20,}[^.\s]$/s);
    expect(words).not.toMatch(OWN_TOOLS);
  });

  it("does not compile for a kind without a text", () => {
    // @ts-expect-error
    expect(describeFailure({ kind: "unheard_of" })).toBeUndefined();
  });
});

describe("the text of a failure of our own tools", () => {
  it.each([
    [{ kind: "session_unknown", sessionId: id }, "call set_working_directory without session_id"],
    [{ kind: "no_context", sessionId: null }, "Call set_working_directory with the absolute path"],
    [{ kind: "quota_exceeded", limit: 1, oldest: [] }, "end_session"],
    [{ kind: "config_unregistered", configPath }, "Call set_working_directory with it again"],
    [{ kind: "project_not_found", project: "one", near: [] }, "list_projects"],
    [{ kind: "project_limit", root: "/a", configPath, limit: 1, unit: "projects" }, "remove_project"],
  ] satisfies [ToolFailure, string][])("%j mentions the tool that helps", (failure, hint) => {
    const words = describeOwnFailure(failure);
    expect(words.startsWith(`${describeFailure(failure)}. `)).toBe(true);
    expect(words).toContain(hint);
  });

  it("mentions existing tools only, and is the same for every tool", () => {
    const names = new Set(TOOLS.map(({ name }) => name));
    const called =
      /\b(?:set|get|list|end|resolve|register|remove)_(?:[a-z]+_)*(?:directory|context|count|sessions?|projects?)\b/g;
    for (const failure of CASES) {
      if (failure.kind === "service_unnamed" || failure.kind === "session_id_invalid") continue;
      for (const [name] of describeOwnFailure(failure).matchAll(called)) expect(names).toContain(name);
    }
    for (const { describe } of TOOLS) expect(describe).toBe(describeOwnFailure);
  });
});
