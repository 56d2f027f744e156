import { expect, it, onTestFinished } from "vitest";
import type { RunningServer } from "../../scripts/library/local-server.ts";
import { type Behaviour, type KeyServer, startKeyServer } from "./support/key-server.ts";
import { ownServer } from "./support/servers.ts";

/** A server that has no keys yet, and its token issuer. */
async function coldServer(behaviour: Behaviour): Promise<{ issuer: KeyServer; server: RunningServer }> {
  const issuer = await startKeyServer(behaviour);
  onTestFinished(() => issuer.stop());
  return { issuer, server: await ownServer({ vars: issuer.vars }) };
}

function ping(server: RunningServer, token: string, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${server.url}/mcp`, {
    method: "POST",
    signal,
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      Authorization: `Bearer ${token}`,
    },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "ping" }),
  });
}

async function together(server: RunningServer, tokens: readonly string[]): Promise<Record<number, number>> {
  const counts: Record<number, number> = {};
  const answers = await Promise.all(tokens.map((token) => ping(server, token)));
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const good = (issuer: KeyServer) => issuer.sign("alice");
const hostile = (issuer: KeyServer, i: number) => issuer.sign("mallory", { kid: `made-up-${i}` });
const several = (count: number, make: (i: number) => Promise<string>) =>
  Promise.all(Array.from({ length: count }, (_, i) => make(i)));

it("100 requests at once, half of them hostile, share one fetch of a slow issuer's keys", async () => {
  const { issuer, server } = await coldServer("slow");
  const tokens = await several(100, (i) => (i % 2 === 0 ? hostile(issuer, i) : good(issuer)));
  expect(await together(server, tokens)).toEqual({ 200: 50, 401: 50 });
  expect(issuer.fetches).toBe(1);
});

it("a client that disconnects during the first fetch does not prevent the others from getting the keys", async () => {
  const { issuer, server } = await coldServer("slow");
  const leave = new AbortController();
  const gone = ping(server, await hostile(issuer, 0), leave.signal).catch(() => "gone");
  await expect.poll(() => issuer.fetches, { timeout: 10_000 }).toBe(1);
  leave.abort();
  expect(await gone).toBe("gone");
  expect(await together(server, await several(20, () => good(issuer)))).toEqual({ 200: 20 });
  expect(issuer.fetches).toBe(1);
});

it.each<Behaviour>(["error", "redirect", "garbage", "huge", "silent", "cut off"])(
  "an issuer whose key endpoint misbehaves (%s) is called once, and clients are told to retry",
  async (behaviour) => {
    const { issuer, server } = await coldServer(behaviour);
    const tokens = await several(100, (i) => (i % 2 === 0 ? hostile(issuer, i) : good(issuer)));
    expect(await together(server, tokens)).toEqual({ 503: 100 });
    expect(await together(server, tokens)).toEqual({ 503: 100 });
    const answer = await ping(server, tokens[0] ?? "");
    expect(Number(answer.headers.get("Retry-After"))).toBeGreaterThan(0);
    expect(await answer.text()).not.toContain(issuer.vars.JWT_JWKS_URL);
    expect({ ...issuer }).toMatchObject({ fetches: 1, mostAtOnce: 1, followed: 0 });
    expect(server.output().match(/"event":"token_keys_unavailable"/g)).toHaveLength(1);
  },
);
