import { describe, expect, it } from "vitest";
import { pathProblems } from "../../scripts/checks/document-paths.ts";
import { duplicateProblems } from "../../scripts/checks/duplicates.ts";
import { layerProblems } from "../../scripts/checks/layers.ts";

const filesOf = (files: Record<string, string>) => new Map(Object.entries(files));

describe("imports between layers", () => {
  const problemsOf = (files: Record<string, string>) => layerProblems(filesOf(files));

  it("may point down, and stay in their folder", () => {
    const problems = problemsOf({
      "src/index.ts": 'export { a } from "./session/a.ts";',
      "src/session/a.ts":
        'import type { B } from "../model/b.ts";\nimport {\n  c,\n} from "./c.ts";\nimport { version } from "../../package.json";',
      "src/session/c.ts": "",
      "src/model/b.ts": "",
    });
    expect(problems).toEqual([]);
  });

  it.each([
    ["of a value", 'import { b } from "../session/b.ts";'],
    ["of a type", 'import type { B } from "../session/b.ts";'],
    ["over several lines", 'import {\n  type B,\n} from "../session/b.ts";'],
    ["re-exported", 'export type { B } from "../session/b.ts";'],
    ["of everything, re-exported", 'export * from "../session/b.ts";'],
    ["inside a type", 'type B = import("../session/b.ts").B;'],
    ["for side effects", 'import "../session/b.ts";'],
  ])("may not point up: %s", (_, source) => {
    expect(problemsOf({ "src/model/a.ts": source, "src/session/b.ts": "" })).toEqual([
      "upward: src/model/a.ts imports src/session/b.ts",
    ]);
  });

  it("may not point to a neighbour on the same layer", () => {
    const files = { "src/projects/a.ts": 'import type { B } from "../registry/b.ts";', "src/registry/b.ts": "" };
    expect(problemsOf(files)).toEqual(["upward: src/projects/a.ts imports src/registry/b.ts"]);
  });

  it("from an unlisted folder belong to its parent", () => {
    const files = { "src/server/tools/a.ts": 'import { b } from "../../http/mcp/b.ts";', "src/http/mcp/b.ts": "" };
    expect(problemsOf(files)).toEqual(["upward: src/server/tools/a.ts imports src/http/mcp/b.ts"]);
  });

  it("may not form a cycle, even of types", () => {
    const problems = problemsOf({
      "src/session/a.ts": 'import { b } from "./b.ts";',
      "src/session/b.ts": 'import type { C } from "./c.ts";',
      "src/session/c.ts": 'import type { A } from "./a.ts";',
    });
    expect(problems).toEqual(["circle: src/session/a.ts → src/session/b.ts → src/session/c.ts → src/session/a.ts"]);
  });

  it("have full file names, so that none escapes the check", () => {
    expect(problemsOf({ "src/model/a.ts": 'import { b } from "../session/b";', "src/session/b.ts": "" })).toHaveLength(
      1,
    );
    expect(problemsOf({ "src/model/a.ts": 'import { b } from "../../test/b.ts";' })).toHaveLength(1);
  });

  it("may import a protocol package only in layers above the objects", () => {
    const source =
      'import type { Context } from "hono";\nimport { McpServer } from "@modelcontextprotocol/server";\nimport { jwtVerify } from "jose";';
    expect(problemsOf({ "src/http/mcp/a.ts": source })).toEqual([]);
    expect(problemsOf({ "src/session/a.ts": source })).toEqual([
      "protocol: src/session/a.ts imports hono, which no folder below src/http/edge may know",
      "protocol: src/session/a.ts imports @modelcontextprotocol/server, which no folder below src/author may know",
      "protocol: src/session/a.ts imports jose, which no folder below src/http/access may know",
    ]);
  });

  it("in comments are ignored", () => {
    const source = '/**\n * import { A } from "../session/a.ts";\n */\n// import { A } from "../session/a.ts";';
    expect(problemsOf({ "src/model/a.ts": source })).toEqual([]);
  });

  it("fail in an unknown folder, which has to be added to a layer", () => {
    expect(problemsOf({ "src/attic/a.ts": "" })).toHaveLength(1);
  });
});

describe("duplicated lines of code", () => {
  const statements = ["a();", "b();", "if (c) {", "  d();", "}", "e();"];

  it("are reported from six lines on, with both places", () => {
    const files = {
      "src/a.ts": `start();\n${statements.join("\n")}\n`,
      "src/b.ts": `${statements.map((line) => `  ${line}`).join("\n\n// why\n")}`,
    };
    expect(duplicateProblems(filesOf(files))).toEqual([
      "copy: src/b.ts:1 repeats src/a.ts:2; move the shared lines into one function",
    ]);
  });

  it("are reported once per copy, whatever its length", () => {
    const long = [...statements, "f();", "g();", "h();"].join("\n");
    expect(duplicateProblems(filesOf({ "src/a.ts": `${long}\nother();\n${long}` }))).toHaveLength(1);
  });

  it("are ignored below six", () => {
    const five = statements.slice(1).join("\n");
    expect(duplicateProblems(filesOf({ "src/a.ts": five, "src/b.ts": five }))).toEqual([]);
  });

  it("are ignored if they are imports, comments or lists of names", () => {
    const source = [
      'import { a } from "./a.ts";',
      "import {",
      "  type B,",
      "  c,",
      '} from "./b.ts";',
      'import d from "./d.json" with { type: "json" };',
      "/**",
      " * One.",
      " * Two.",
      " */",
      "// Three.",
      "call({",
      ...["sessionId", "workingDirectory", "configPath", "projectId", "setAt", "lastUsed"].map((name) => `  ${name},`),
      "});",
    ].join("\n");
    expect(duplicateProblems(filesOf({ "src/a.ts": source, "src/b.ts": source }))).toEqual([]);
  });
});

describe("paths and links in documents", () => {
  const tree = ["README.md", "docs/a.md", "src/session/limits.ts", "test/unit/a.test.ts", "scripts/demo/"];
  const problemsOf = (documents: Record<string, string>) =>
    pathProblems({ documents: filesOf(documents), exists: (path) => tree.includes(path) });

  it("may refer to existing files and folders", () => {
    const text =
      "`src/session/limits.ts`, `session/limits.ts`, `scripts/demo/`, `test/unit/a` and [more](docs/a.md), [here](#one--two)\n## One & `two`";
    expect(problemsOf({ "README.md": text })).toEqual([]);
  });

  it.each([
    ["`src/gone.ts`", "src/gone.ts"],
    ["rules of session/gone.ts.", "session/gone.ts"],
    ["node scripts/gone.ts --kills 1", "scripts/gone.ts"],
    ["test/unit/gone, test/unit/a", "test/unit/gone"],
    ["src/gone/*.ts", "src/gone/*.ts"],
  ])("are reported with their line: %s", (text, path) => {
    expect(problemsOf({ "docs/a.md": `Fine\n${text}` })).toEqual([`docs/a.md:2 names ${path}, which does not exist`]);
  });

  it("are resolved from the document's own folder, links with their heading", () => {
    const documents = {
      "README.md": "# A heading",
      "docs/a.md": "[ok](../README.md#a-heading)\n[no](../README.md#another)\n[no](b.md)",
    };
    expect(problemsOf(documents)).toEqual([
      "docs/a.md:2 links to README.md#another, which does not exist",
      "docs/a.md:3 links to docs/b.md, which does not exist",
    ]);
  });

  it("are ignored in addresses, package names and other systems", () => {
    const text =
      "https://example.com/src/a.ts, @scope/test/b.ts, `src/session_context.py`, [web](https://example.com/x.md)";
    expect(problemsOf({ "README.md": text })).toEqual([]);
  });
});
