import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type ServerOptions, startServer } from "../../scripts/library/local-server.ts";
import { ownFolder, ownServer } from "./support/servers.ts";

const main = fileURLToPath(new URL("../../src/index.ts", import.meta.url));
const OBJECTS = ["SESSIONS", "REGISTRY", "CATALOG"].map((name, at) => {
  const className = ["SessionObject", "SessionRegistry", "ProjectCatalog"][at];
  return `[[durable_objects.bindings]]\nname = "${name}"\nclass_name = "${className}"\n`;
});
const MIGRATION = `[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["SessionObject", "SessionRegistry", "ProjectCatalog"]\n`;

/** The error of a failed start. */
const failureOf = (options: ServerOptions): Promise<string> =>
  startServer(options).then(
    async (server) => {
      await server.stop();
      return "it started";
    },
    (error: Error) => error.message,
  );

/** A wrangler.toml for the test, with the given bindings. */
function withBindings(...bindings: readonly string[]): ServerOptions {
  const config = join(ownFolder(), "wrangler.toml");
  const head = `name = "unbound"\nmain = "${main}"\ncompatibility_date = "2026-10-23"\n`;
  writeFileSync(config, [head, ...bindings].join("\n"));
  return { config };
}

it("a bad setting stops the Worker with one line that names the setting, the value and the accepted values", async () => {
  expect(await failureOf({ vars: { REGISTRY_SHARDS: "0" } })).toMatch(
    /^Bad configuration: REGISTRY_SHARDS is "0": .*from 1 to 256.*$/,
  );
});

it("a mistyped setting also stops the Worker, with the intended name", async () => {
  expect(await failureOf({ vars: { SESSION_IDLE_TIMEOUT: "60" } })).toMatch(
    /^Bad configuration: SESSION_IDLE_TIMEOUT is not a setting\. Rename it to SESSION_IDLE_TIMEOUT_SECONDS.*$/,
  );
});

it("an environment that inherits no bindings stops the Worker with one line that names the missing ones", async () => {
  expect(await failureOf(withBindings())).toMatch(
    /^Bad configuration: no Durable Object is bound as SESSIONS, REGISTRY, CATALOG\. .*$/,
  );
  expect(await failureOf(withBindings(...OBJECTS, MIGRATION))).toMatch(
    /^Bad configuration: no rate limiter is bound as REQUEST_LIMITER, CONTEXT_LIMITER, .*$/,
  );
});

it("a port in use stops the server with a line that names it, instead of being taken for ours", async () => {
  const server = await ownServer();
  const port = Number(new URL(server.url).port);
  await expect(startServer({ port })).rejects.toThrow(new RegExp(`^Address already in use \\(127.0.0.1:${port}\\).*$`));
});
