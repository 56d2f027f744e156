import { afterEach, describe, expect, it, vi } from "vitest";
import { initialize, startApp, statuses } from "../support/apps.ts";
import { stopClock } from "../support/clock.ts";
import { startWithIssuer as start, together } from "../support/issuer.ts";
import { linesOf } from "../support/log.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** A body of 64 MiB, generated as it is read. */
function huge(): Response {
  const chunk = new Uint8Array(65_536).fill(32);
  let left = 1024;
  const pull = (controller: ReadableStreamDefaultController) =>
    left-- > 0 ? controller.enqueue(chunk) : controller.close();
  return new Response(new ReadableStream({ pull }));
}

const hang = () => new Promise<Response>(() => undefined);

/** Log lines about keys. */
function keyLines(): () => Record<string, unknown>[] {
  const lines = linesOf();
  return () => lines.filter(({ event }) => event === "token_keys_unavailable");
}

const MISBEHAVIOUR: [what: string, logged: string, misbehave: () => Response | Promise<Response>][] = [
  ["is down", "status 500", () => new Response("no", { status: 500 })],
  ["cannot be reached", "network", () => Promise.reject(new TypeError("network"))],
  ["redirects", "status 302", () => Response.redirect("https://elsewhere.example.com/jwks", 302)],
  ["returns HTML", "JSON Web Key Set", () => new Response("<html>")],
  ["returns other JSON", "JSON Web Key Set", () => Response.json({ keys: "none" })],
  ["returns invalid keys", "JSON Web Key Set", () => Response.json({ keys: [null] })],
  ["returns far too much", "262144 bytes", huge],
  ["does not answer", "within 5000 ms", hang],
  [
    "stops in the middle of its answer",
    "within 5000 ms",
    () => new Response(new ReadableStream({ start: (c) => c.enqueue(new Uint8Array(1)) })),
  ],
];

describe("keys of the issuer", () => {
  it("are fetched once for many requests", async () => {
    const { issuer, send } = await start();
    const token = await issuer.sign();
    for (let i = 0; i < 20; i++) expect((await send(initialize({ token }))).status).toBe(200);
    expect(issuer.state.fetches).toBe(1);
  });

  it("are fetched again for an unknown key, so that a rotated one is accepted and a withdrawn one is not", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const old = await issuer.sign();
    expect((await send(initialize({ token: old }))).status).toBe(200);
    await issuer.rotate();
    clock.pass(30 * SECOND);
    const rotated = await together(100, send, () => issuer.sign());
    expect(statuses(rotated)).toEqual({ 200: 100 });
    expect((await send(initialize({ token: old }))).status).toBe(401);
    expect(issuer.state.fetches).toBe(2);
  });

  it("are fetched at most once in 30 seconds, however many key ids are made up", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const madeUp = (i: number) => issuer.sign({}, { kid: `made-up-${i}` });
    expect(statuses(await together(100, send, madeUp))).toEqual({ 401: 100 });
    expect(issuer.state.fetches).toBe(1);
    clock.pass(30 * SECOND - 1);
    expect(statuses(await together(100, send, madeUp))).toEqual({ 401: 100 });
    expect(issuer.state.fetches).toBe(1);
    clock.pass(1);
    expect(statuses(await together(100, send, madeUp))).toEqual({ 401: 100 });
    expect(issuer.state.fetches).toBe(2);
  });

  it("come with the first fetch, whoever causes it: an attack during a cold start locks nobody out", async () => {
    const { issuer, send } = await start();
    issuer.state.respond = async () => {
      await scheduler.wait(200);
      return Response.json({ keys: [issuer.publicJwk()] });
    };
    const answers = await together(100, send, (i) => issuer.sign({}, i % 2 === 0 ? { kid: `made-up-${i}` } : {}));
    expect(statuses(answers)).toEqual({ 200: 50, 401: 50 });
    expect(issuer.state.fetches).toBe(1);
  });

  it.each(MISBEHAVIOUR)(
    "that were never fetched, since their endpoint %s, give 503 with one fetch and one line in 30 seconds",
    async (_, logged, misbehave) => {
      const clock = stopClock();
      const lines = keyLines();
      const { issuer, send } = await start();
      issuer.state.respond = misbehave;
      for (let i = 0; i < 2; i++) {
        const answers = await together(100, send, () => issuer.sign());
        expect(statuses(answers)).toEqual({ 503: 100 });
        expect(answers[0]?.headers.get("Retry-After")).toBe("30");
        expect(answers[0]?.text).toContain("the issuer's keys are unavailable");
      }
      expect(issuer.state.fetches).toBe(1);
      expect(lines()).toEqual([expect.objectContaining({ level: "error", error: expect.stringContaining(logged) })]);
      issuer.state.respond = null;
      clock.pass(30 * SECOND);
      expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
    },
  );

  it.each(MISBEHAVIOUR)(
    "that are fresh stay in use when their endpoint %s, with one fetch and one line in 30 seconds",
    async (_, logged, misbehave) => {
      const clock = stopClock();
      const lines = keyLines();
      const { issuer, send } = await start({ LOG_LEVEL: "warn" });
      expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
      issuer.state.respond = misbehave;
      clock.pass(31 * SECOND);
      for (let i = 0; i < 2; i++) {
        const answers = await together(100, send, (n) => issuer.sign({}, n % 2 === 0 ? { kid: `made-up-${n}` } : {}));
        expect(statuses(answers)).toEqual({ 200: 50, 401: 50 });
      }
      expect(issuer.state.fetches).toBe(2);
      expect(lines()).toEqual([expect.objectContaining({ level: "warn", error: expect.stringContaining(logged) })]);
    },
  );

  it("are refreshed from their fifth minute on, without any request waiting", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const token = await issuer.sign();
    expect((await send(initialize({ token }))).status).toBe(200);
    const { promise, resolve } = Promise.withResolvers<Response>();
    issuer.state.respond = () => promise;
    clock.pass(5 * MINUTE);
    // If a request waited, none would be answered.
    const early = await Promise.race([together(100, startApp(issuer.vars), () => issuer.sign()), scheduler.wait(3000)]);
    expect(early && statuses(early)).toEqual({ 200: 100 });
    expect(issuer.state.fetches).toBe(2);
    resolve(Response.json({ keys: [issuer.publicJwk()] }));
    await scheduler.wait(10);
    clock.pass(5 * MINUTE - 1);
    expect((await send(initialize({ token: await issuer.sign({ exp: Date.now() / 1000 + 60 }) }))).status).toBe(200);
    expect(issuer.state.fetches).toBe(2);
  });

  it("are not used for more than ten minutes without asking the issuer, so that a withdrawn key expires by then", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const token = await issuer.sign({ exp: Date.now() / 1000 + 3600 });
    expect((await send(initialize({ token }))).status).toBe(200);
    await issuer.rotate();
    clock.pass(10 * MINUTE);
    expect(statuses(await together(100, send, async () => token))).toEqual({ 401: 100 });
    expect(issuer.state.fetches).toBe(2);
  });

  it("that were withdrawn expire with the refresh, also for tokens accepted before", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const token = await issuer.sign({ exp: Date.now() / 1000 + 3600 });
    expect((await send(initialize({ token }))).status).toBe(200);
    await issuer.rotate();
    clock.pass(5 * MINUTE);
    expect((await send(initialize({ token }))).status).toBe(200);
    await scheduler.wait(10);
    expect((await send(initialize({ token }))).status).toBe(401);
  });

  it("stay in use for an hour while their endpoint is down, and no longer", async () => {
    const clock = stopClock();
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { issuer, send } = await start();
    const token = await issuer.sign({ exp: Date.now() / 1000 + 7200 });
    const another = await issuer.sign({ exp: Date.now() / 1000 + 7200, sub: "bob" });
    expect((await send(initialize({ token }))).status).toBe(200);
    issuer.state.respond = () => new Response("no", { status: 503 });
    clock.pass(11 * MINUTE);
    for (const each of [token, another]) expect((await send(initialize({ token: each }))).status).toBe(200);
    clock.pass(49 * MINUTE - 1);
    for (const each of [token, another]) expect((await send(initialize({ token: each }))).status).toBe(200);
    clock.pass(1);
    for (const each of [token, another]) expect((await send(initialize({ token: each }))).status).toBe(503);
    expect(issuer.state.fetches).toBe(3);
  });

  it("that are too weak give 503, not 500 or 401, with one line in the log", async () => {
    const lines = keyLines();
    const { issuer, send } = await start();
    issuer.state.respond = () =>
      Response.json({ keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA", kid: issuer.kid() }] });
    expect(statuses(await together(10, send, () => issuer.sign()))).toEqual({ 503: 10 });
    expect(lines()).toHaveLength(1);
  });
});
