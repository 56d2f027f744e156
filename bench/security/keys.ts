/**
 * `npm run bench:keys`: how often the server fetches the issuer's keys under attack. A real server that already has keys, a
 * real issuer that misbehaves in one way at a time, and 10,000 requests with made-up key ids, mixed with valid ones.
 * `--requests 1000` sends fewer.
 */
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/library/local-server.ts";
import { BEHAVIOURS, startKeyServer } from "../../test/e2e/support/key-server.ts";
import { aligned } from "../library/aligned.ts";

const { values } = parseArgs({ options: { requests: { type: "string", default: "10000" } } });
const requests = Number(values.requests);
const CONNECTIONS = 100;
/** One in so many requests is valid; each of these has a token that is new to the server. */
const GOOD_ONE_IN = 100;
/** The server's minimum interval between two fetches. */
const INTERVAL_SECONDS = 30;

const issuer = await startKeyServer();
const server = await startServer({ vars: { ...issuer.vars, RATE_LIMITS: "off", LOG_LEVEL: "warn" } });

async function ping(token: string): Promise<number> {
  const response = await fetch(`${server.url}/mcp`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
  await response.arrayBuffer();
  return response.status;
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
/** Not signed: the server can only find out once it has a key. */
const madeUp = () => `${base64url({ alg: "ES256", kid: crypto.randomUUID() })}.${base64url({ sub: "x" })}.AAAA`;
const lines = () => server.output().match(/token_keys_unavailable/g)?.length ?? 0;

/** Sends all requests and counts the answers by status, hostile and valid ones separately. */
async function attack() {
  const hostile: Record<number, number> = {};
  const good: Record<number, number> = {};
  let next = 0;
  const connection = async () => {
    while (next < requests) {
      const isGood = next++ % GOOD_ONE_IN === 0;
      const status = await ping(isGood ? await issuer.sign(crypto.randomUUID()) : madeUp());
      const counts = isGood ? good : hostile;
      counts[status] = (counts[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return { hostile, good };
}

const textOf = (counts: Record<number, number>) =>
  Object.entries(counts)
    .map(([status, count]) => `${count} × ${status}`)
    .join(", ");

const rows: (string | number)[][] = [["issuer", "seconds", "fetches", "at once", "log lines", "hostile", "good"]];
await ping(await issuer.sign("first"));
for (const behaviour of BEHAVIOURS) {
  issuer.behaviour = behaviour;
  await new Promise((resolve) => setTimeout(resolve, (INTERVAL_SECONDS + 1) * 1000));
  const before = { fetches: issuer.fetches, lines: lines() };
  issuer.mostAtOnce = 0;
  const startedAt = performance.now();
  const { hostile, good } = await attack();
  const seconds = (performance.now() - startedAt) / 1000;
  console.error(`${behaviour}: done in ${seconds.toFixed(0)} s`);
  const counted = [issuer.fetches - before.fetches, issuer.mostAtOnce, lines() - before.lines];
  rows.push([behaviour, seconds.toFixed(1), ...counted, textOf(hostile), textOf(good)]);
}
console.log(`Fetches of the issuer's keys during ${requests} requests, ${CONNECTIONS} at a time, keys older than 30 s`);
console.log(aligned(rows));
await server.stop();
await issuer.stop();
