import { describe, expect, it } from "vitest";
import { describeProjectFailure, type ProjectFailure } from "../../src/projects/project-failure.ts";

const one = { id: "id-1", name: "one" };
const two = { id: "id-2", name: "two" };

const CASES: [ProjectFailure, string[]][] = [
  [
    {
      kind: "config_invalid",
      configPath: null,
      fault: { kind: "field_invalid", field: "dry_run", value: "1", rule: "must be true or false" },
    },
    ['field "dry_run" of the config is 1: it must be true or false', "Correct it"],
  ],
  [
    { kind: "config_path_invalid", path: "/a/x.json", fault: "not_a_config" },
    [
      '"/a/x.json" is not the path of a project config',
      "Pass the absolute path that ends in .codebase-mcp/config.json",
    ],
  ],
  [{ kind: "config_path_invalid", path: "x.json", fault: "relative" }, ['"x.json" is not an absolute path']],
  [
    { kind: "project_not_found", project: "on\ne", near: [one] },
    ['"on\\ne" is neither the id nor the exact name', 'Near matches: "one" (id-1)', "Pass the id or exact name"],
  ],
  [
    { kind: "project_ambiguous", name: "one", count: 7, matches: [{ id: "id-1", root: "/a" }] },
    ['"one" is the name of 7 projects: id-1 at "/a" and 6 more', "Pass the id"],
  ],
  [
    { kind: "project_limit", configPath: "/a/.codebase-mcp/config.json", root: "/a", limit: 1000, unit: "projects" },
    ['root "/a"', "already 1000 projects", "Remove one"],
  ],
  [
    { kind: "project_limit", configPath: "/a/.codebase-mcp/config.json", root: "/a", limit: 2048, unit: "bytes" },
    ['root "/a"', "more than 2048 bytes", "Make this config shorter", "or remove projects"],
  ],
  [
    { kind: "config_unregistered", configPath: "/a/.codebase-mcp/config.json" },
    ['"/a/.codebase-mcp/config.json" could not be registered', "it has to be sent again"],
  ],
  [
    { kind: "project_mismatch", named: one, configured: two, configPath: "/c" },
    ['"one" (id-1) cannot be used here', '"/c" has strict_mode on and allows only "two" (id-2)', "Omit project"],
  ],
];

describe("a failure about projects", () => {
  it.each(CASES)("%j reports what was wrong, quotes the value, and says what to do", (failure, parts) => {
    for (const part of parts) expect(describeProjectFailure(failure)).toContain(part);
  });
});
