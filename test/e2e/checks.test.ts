import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const script = fileURLToPath(new URL("../../scripts/checks/main.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "mcp-checks-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(join(folder, dirname(file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function check(name: string): { status: number | null; stderr: string } {
  return spawnSync(process.execPath, [script, name], { cwd: folder, encoding: "utf8" });
}

describe("the repository checks", () => {
  const copied = ["a();", "b();", "c();", "d();", "e();", "f();"].join("\n");

  it.each(["layers", "duplicates", "paths"])("%s passes on a tree without problems", (name) => {
    write("src/model/limits.ts", `${copied}\n`);
    write(
      "README.md",
      "Limits stand in `src/model/`, those of the model in `model/limits.ts`: [docs](docs/a.md), `src/**/*.ts`.\n",
    );
    write("docs/a.md", "[back](../README.md)\n");
    write("CHANGELOG.md", "`src/constants.ts` is gone.\n");
    expect(check(name)).toMatchObject({ status: 0, stderr: "" });
  });

  it("layers fails on a type imported upward, and on a cycle", () => {
    write("src/model/a.ts", 'import type { B } from "../session/b.ts";\n');
    write("src/session/b.ts", 'import { c } from "./c.tsx";\n');
    write("src/session/c.tsx", 'import type { B } from "./b.ts";\n');
    expect(check("layers")).toMatchObject({
      status: 1,
      stderr:
        "upward: src/model/a.ts imports src/session/b.ts\ncircle: src/session/b.ts → src/session/c.tsx → src/session/b.ts\n",
    });
  });

  it("duplicates fails on six duplicated lines", () => {
    write("src/model/a.ts", copied);
    write("src/session/b.ts", copied);
    expect(check("duplicates").stderr).toContain("src/session/b.ts:1 repeats src/model/a.ts:1");
    expect(check("duplicates").status).toBe(1);
  });

  it("paths fails on a missing file mentioned in a document or a comment", () => {
    write("src/model/a.ts", "/** See `src/model/gone.ts`. */\n");
    write("docs/a.md", "[gone](gone.md)\n");
    const { status, stderr } = check("paths");
    expect(status).toBe(1);
    expect(stderr.split("\n")).toEqual([
      "docs/a.md:1 links to docs/gone.md, which does not exist",
      "src/model/a.ts:1 names src/model/gone.ts, which does not exist",
      "",
    ]);
  });

  it("fails if there is nothing to check", () => {
    expect(check("layers").status).toBe(1);
  });
});
