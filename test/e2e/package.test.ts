/** The package as its users get it: packed, unpacked next to their own Worker, type-checked, run and called. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, it } from "vitest";
import { CLIENT_KINDS } from "../../scripts/library/mcp-clients.ts";
import { packPackage, unpackPackage } from "../../scripts/library/pack.ts";
import { connected, fileFolder, ownServer } from "./support/servers.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const scratch = fileFolder();
const installed = () => join(scratch(), "node_modules/mcp-session-context");

/** A compiled module without its comments, whose examples contain imports too. */
const codeOf = (file: string) => readFileSync(join(installed(), "dist", file), "utf8").replace(/\/\*[\s\S]*?\*\//g, "");

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}
const manifest = (): Manifest => JSON.parse(readFileSync(join(installed(), "package.json"), "utf8"));

const WORKER = `
import { McpServer } from "@modelcontextprotocol/server";
import { failureResult, type BuildContext, sessionApp, sessionIdArgument } from "mcp-session-context";
import { z } from "zod";

export { ProjectCatalog, SessionEntrypoint, SessionObject, SessionRegistry } from "mcp-session-context";

const state = z.object({ lines: z.array(z.string()) });

function buildServer({ session, state: kept, caller, log }: BuildContext<typeof state>): McpServer {
  const server = new McpServer({ name: "scratch", version: "1.0.0" });
  const inputSchema = z.object({ session_id: sessionIdArgument });
  server.registerTool("append", { inputSchema: inputSchema.extend({ line: z.string() }) }, async ({ line, session_id }) => {
    const updated = await kept.update("lines", (lines = []) => [...lines, line], session_id);
    if (!updated.ok) return failureResult(updated.failure);
    log("info", "appended", { era: caller.era });
    const structuredContent = { session_id: updated.value.sessionId, lines: updated.value.value };
    return { content: [], structuredContent };
  });
  server.registerTool("where", { inputSchema: inputSchema.extend({ directory: z.string().optional() }) }, async (args) => {
    const set = args.directory === undefined ? null : await session.setWorkingDirectory(args.directory, args.session_id);
    if (set?.ok === false) return failureResult(set.failure);
    const got = await session.get(set?.value.sessionId ?? args.session_id);
    if (!got.ok) return failureResult(got.failure);
    return { content: [], structuredContent: { directory: got.value.context?.workingDirectory ?? null } };
  });
  return server;
}

const app = sessionApp({ buildServer, state });
app.get("/about", (c) => c.text("a route of the author's own"));
export default app;
`;

/** Mistakes that the types must detect. */
const MISTAKES = `
import type { BuildContext, SessionService } from "mcp-session-context";
import { z } from "zod";

const state = z.object({ count: z.number() });
export async function mistakes({ state: kept }: BuildContext<typeof state>, none: BuildContext, rpc: SessionService) {
  await kept.set("count", 1);
  await kept.set("count", "one");
  await kept.get("coutn");
  await none.state.get("count");
  await rpc.setState("s", "k", { at: [1, null, "x"] });
  await rpc.setState("s", "k", new Date());
  const got = await rpc.getWorkingDirectory("s");
  return got.value;
}
`;

beforeAll(() => {
  unpackPackage(packPackage(scratch()), installed());
  // Links the dependencies that npm would install from this project's installation, so that nothing else can be found.
  const { dependencies, peerDependencies } = manifest();
  for (const name of [...Object.keys(dependencies), ...Object.keys(peerDependencies), "@cloudflare/workers-types"]) {
    link(join(root, "node_modules", name), join(scratch(), "node_modules", name));
  }
  mkdirSync(join(scratch(), "src"));
  writeFileSync(join(scratch(), "src/index.ts"), WORKER);
  writeFileSync(join(scratch(), "package.json"), '{ "name": "scratch", "private": true, "type": "module" }');
  // Bindings, migrations and types as in the example; SessionEntrypoint needs no separate entry.
  for (const file of ["wrangler.toml", "tsconfig.json"]) {
    writeFileSync(join(scratch(), file), readFileSync(join(root, "examples/counter-worker", file)));
  }
});

function link(target: string, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(target, path);
}

/** Errors of the type checker in the scratch Worker, including the package's declarations. */
function typeCheck(...flags: string[]): string {
  try {
    return execFileSync(join(root, "node_modules/.bin/tsc"), ["-p", scratch(), ...flags], { encoding: "utf8" });
  } catch (error) {
    return String((error as { stdout?: unknown }).stdout);
  }
}

it("contains compiled modules, declarations and documents for users, and none of this project's own tools", () => {
  const files = readdirSync(installed(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(installed().length + 1));
  expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE", "CHANGELOG.md"]));
  expect(
    files.filter((file) => !/^(dist\/.+(\.js|\.d\.ts)|package\.json|(README|CHANGELOG)\.md|LICENSE)$/.test(file)),
  ).toEqual([]);
  expect(files.filter((file) => file.startsWith("dist/mcp/tools/") || file === "dist/mcp/server.js")).toEqual([]);
});

it("imports only its dependencies, and bundles none", () => {
  const { dependencies, peerDependencies } = manifest();
  const allowed = new Set(["cloudflare:workers", ...Object.keys(dependencies), ...Object.keys(peerDependencies)]);
  const imported = readdirSync(join(installed(), "dist"), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".js"))
    .flatMap((file) => [...codeOf(file).matchAll(/from "([^".][^"]*)"/g)])
    .map(([, specifier = ""]) => /^(@[^/]+\/)?[^/]+/.exec(specifier)?.[0]);
  expect(new Set(imported)).toEqual(allowed);
});

it("type-checks in a user's Worker, without skipping its declarations", () => {
  // Only the package's own declarations matter here, not those of its dependencies.
  const faults = typeCheck("--skipLibCheck", "false").split("\n");
  expect(faults.filter((line) => line.startsWith("src/") || line.includes("mcp-session-context"))).toEqual([]);
});

it("has types that detect each mistake of a user", () => {
  writeFileSync(join(scratch(), "src/mistakes.ts"), MISTAKES);
  const lines = [...typeCheck().matchAll(/mistakes\.ts\((\d+),/g)].map(([, line]) => Number(line));
  const wrong = MISTAKES.split("\n").flatMap((line, i) =>
    /"one"|coutn|none\.state|new Date|got\.value/.test(line) ? [i + 1] : [],
  );
  expect(lines).toEqual(wrong);
});

it("runs, and serves clients of each kind", async () => {
  const server = await ownServer({ config: join(scratch(), "wrangler.toml") });
  for (const kind of CLIENT_KINDS) {
    const client = await connected(kind, server.url);
    const { session_id } = (await client.call("append", { line: "one" })).data;
    expect((await client.call("append", { line: "two", session_id })).data.lines).toEqual(["one", "two"]);
    expect((await client.call("where", { session_id })).data.directory).toBeNull();
    expect((await client.call("where", { session_id, directory: "/a//b/" })).data.directory).toBe("/a/b");
    expect((await client.call("where", { session_id, directory: "b" })).text).toContain('"b" is not an absolute path');
  }
  expect(await (await fetch(`${server.url}/about`)).text()).toBe("a route of the author's own");
  expect(server.output()).toContain('"event":"appended","era":"modern"');
});
