/**
 * `npm run demo`: shows this server's purpose with real clients of both eras, in under a minute. Every step checks its
 * outcome; the exit code is 0 only if all of them passed. Leaves no process and no file behind.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startServer } from "../library/local-server.ts";
import { type ConnectedClient, connect } from "../library/mcp-clients.ts";
import {
  carryHandles,
  endAndBeginAnew,
  expire,
  finish,
  makeMistakes,
  open,
  PEOPLE,
  surviveKill,
  workSideBySide,
} from "./chapters.ts";
import { workOnProjects } from "./projects.ts";
import { DemoTable } from "./table.ts";

const folder = mkdtempSync(join(tmpdir(), "mcp-session-demo-"));
// Runs on every exit. The handler that local-server.ts registered earlier has ended the servers by then.
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.once(signal, () => {
    console.error(`\nEnded by ${signal}`);
    process.exit(1);
  });
}

const startedAt = Date.now();
const table = new DemoTable();
const clients: ConnectedClient[] = [];
const persistTo = join(folder, "state");

try {
  console.log("Starting the server: wrangler dev, with the Workers runtime and its Durable Objects on this machine …");
  const first = await startServer({ persistTo });
  console.log(`\nMCP server at ${first.url}/mcp. Three people connect to it, each with another client:\n`);
  for (const { name, about } of Object.values(PEOPLE)) console.log(`  ${name.padEnd(6)}${about}`);
  console.log();

  table.header();
  const [ana, ben, cleo] = await Promise.all(
    (["modern", "legacy", "v1"] as const).map(async (kind) => {
      const client = await connect(kind, first.url);
      clients.push(client);
      return client;
    }),
  );
  if (!ana || !ben || !cleo) throw new Error("Not everybody is connected");
  const cast = { table, ana, ben, cleo };
  await open(cast);
  const session = await workSideBySide(cast);
  await carryHandles(cast, session);
  await makeMistakes(cast, session);
  await endAndBeginAnew(cast, session);
  await workOnProjects(cast, session);
  await surviveKill(cast, session, async () => {
    await first.stop("SIGKILL");
    // On the same port, so that the clients continue as if nothing had happened.
    await startServer({
      persistTo,
      port: Number(new URL(first.url).port),
      vars: { SESSION_IDLE_TIMEOUT_SECONDS: "2" },
    });
  });
  await expire(cast);
  await finish(cast, session);

  const seconds = ((Date.now() - startedAt) / 1000).toFixed(0);
  console.log(`\nAll ${table.steps} steps happened as they should, in ${seconds} s`);
} catch (error) {
  console.error(`\nThe demo failed after ${table.steps} steps: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await Promise.allSettled(clients.map((client) => client.close()));
}
// Also ends the servers and removes the folder: see above.
process.exit();
