/**
 * `npm run bench:profile`: where one operation spends processor time, according to the Worker's inspector.
 * `-- --peer ours --operation get --era modern --connections 16 --seconds 5 --out FILE`
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "../library/build.ts";
import { initialize, type OperationName, openSession, requestOf } from "../library/operations.ts";
import { type Era, type PeerName, peerOf } from "../library/peers.ts";
import { startPeer } from "../library/workerd.ts";
import { defaultGenerator, runLoad, SESSION_PLACEHOLDER } from "../load/load.ts";
import { profileWhile } from "./inspector.ts";
import { sourcesOf } from "./source-of.ts";
import { summarise } from "./summary.ts";

const { values } = parseArgs({
  options: {
    peer: { type: "string", default: "ours" },
    operation: { type: "string", default: "get" },
    era: { type: "string", default: "modern" },
    connections: { type: "string", default: "16" },
    seconds: { type: "string", default: "5" },
    out: { type: "string" },
  },
});
const peer = peerOf(values.peer as PeerName);
const era = values.era as Era;
const operation = values.operation as OperationName;

const folder = mkdtempSync(join(tmpdir(), "mcp-session-bench-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 }));
// Keeps the names and paths that the tables show.
const { module } = build(peer, join(folder, "build"), { minify: false });
const server = await startPeer(peer, { modules: { [peer.name]: module }, folder, inspector: true });
const session = await openSession(server.url, era);
// Opens a session each time, rather than setting the directory of one.
const opening = operation === "open" ? initialize(era) : null;
const load = {
  url: server.url,
  requests: [requestOf(operation, era, operation === "open" ? (opening ? SESSION_PLACEHOLDER : undefined) : session)],
  opening,
  connections: Number(values.connections),
  seconds: Number(values.seconds),
};
const generator = defaultGenerator();
await runLoad(generator, { ...load, seconds: 2 });
let done = 0;
const profile = await profileWhile(server.inspectorPort ?? 0, async () => {
  done = (await runLoad(generator, load)).operations;
});
await server.stop();
if (values.out !== undefined) writeFileSync(values.out, JSON.stringify(profile));
console.log(`${peer.label}, ${operation}, ${era}: ${done} operations under the profiler`);
console.log(summarise(profile, sourcesOf(module), done));
process.exit();
