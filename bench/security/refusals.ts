/**
 * `npm run bench:refusals`: whether response times tell another principal's session from an id that was never minted. A real
 * server and two principals: one opens sessions, the other asks for them and for ids that do not exist, in random order.
 * `--door header` uses the session header instead of the tool's argument.
 */
import { parseArgs } from "node:util";
import { startServer } from "../../scripts/library/local-server.ts";
import { createToken } from "../../scripts/token/create-token.ts";
import { aligned } from "../library/aligned.ts";
import { median, probabilityOfGreater, quantile } from "../library/statistics.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "200" }, door: { type: "string", default: "argument" } },
});
const rounds = Number(values.rounds);
const WARM_UP = 5;
/** Sessions of each foreign kind, used in turn. */
const SESSIONS = 20;

const owner = await createToken("owner", ["sessions"]);
const stranger = await createToken("stranger", ["sessions"], owner.secret);
const server = await startServer({
  vars: { AUTH_MODE: "token", AUTH_TOKENS: stranger.secret, RATE_LIMITS: "off", LOG_LEVEL: "error" },
});

async function send(method: string, token: string, session: string | null, body?: unknown): Promise<string> {
  const response = await fetch(`${server.url}/mcp`, {
    method,
    headers: {
      Authorization: `Bearer ${token}`,
      Accept: "application/json, text/event-stream",
      "Content-Type": "application/json",
      "MCP-Protocol-Version": "2025-11-25",
      ...(session !== null && { "Mcp-Session-Id": session }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return `${response.status} ${await response.text()}`;
}

const callOf = (name: string, args: object) => ({
  jsonrpc: "2.0",
  id: 1,
  method: "tools/call",
  params: { name, arguments: args },
});

async function open(): Promise<string> {
  const answer = await send("POST", owner.token, null, callOf("set_working_directory", { directory: "/home/me/shop" }));
  const session = /"session_id":"(sess_[\w-]{43})"/.exec(answer)?.[1];
  if (session === undefined) throw new Error(`No session in ${answer}`);
  return session;
}

const several = (make: () => Promise<string>) => Promise.all(Array.from({ length: SESSIONS }, make));
const live = await several(open);
const deleted = await several(open);
for (const session of deleted) await send("DELETE", owner.token, session);
const madeUp = live.map((_, n) => `sess_${"A".repeat(40)}${String(n).padStart(3, "0").replaceAll("0", "B")}`);

const KINDS: Readonly<Record<string, readonly string[]>> = {
  "made up": madeUp,
  truncated: live.map((session) => session.slice(0, -1)),
  "foreign, with a context": live,
  "foreign, ended by DELETE": deleted,
};

/** Milliseconds until one refusal. */
async function refusal(session: string): Promise<number> {
  const [header, args] = values.door === "header" ? [session, {}] : [null, { session_id: session }];
  const startedAt = performance.now();
  const answer = await send("POST", stranger.token, header, callOf("get_session_context", args));
  const elapsed = performance.now() - startedAt;
  if (!/is not a session of this server|Session not found/.test(answer)) throw new Error(`Not refused: ${answer}`);
  return elapsed;
}

const samples = new Map<string, number[]>(Object.keys(KINDS).map((kind) => [kind, []]));
for (let round = -WARM_UP; round < rounds; round++) {
  const order = Object.entries(KINDS)
    .map((entry) => ({ entry, chance: Math.random() }))
    .toSorted((a, b) => a.chance - b.chance);
  for (const { entry } of order) {
    const [kind, sessions] = entry;
    const elapsed = await refusal(sessions[(round + WARM_UP) % SESSIONS] ?? "");
    if (round >= 0) samples.get(kind)?.push(elapsed);
  }
}

const reference = samples.get("made up") ?? [];
const rows = [...samples].map(([kind, times]) => [
  kind,
  quantile(times, 0.25).toFixed(2),
  median(times).toFixed(2),
  quantile(times, 0.75).toFixed(2),
  (median(times) / median(reference)).toFixed(4),
  kind === "made up" ? "" : probabilityOfGreater(times, reference).toFixed(3),
]);
console.log(`Refusals by the ${values.door}, ${rounds} of each kind, milliseconds`);
console.log(aligned([["kind", "25 %", "median", "75 %", "÷ made up", "P(slower than made up)"], ...rows]));
// For two samples of one distribution, 95 of 100 runs are within this distance of 0.5 (Mann–Whitney).
const chance = 1.96 * Math.sqrt((2 * rounds + 1) / (12 * rounds * rounds));
console.log(
  `0.5 is indistinguishable; chance alone explains ${(0.5 - chance).toFixed(3)} to ${(0.5 + chance).toFixed(3)}`,
);
await server.stop();
