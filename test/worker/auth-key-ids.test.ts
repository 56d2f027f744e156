import { afterEach, describe, expect, it, vi } from "vitest";
import { initialize, statuses } from "../support/apps.ts";
import { stopClock } from "../support/clock.ts";
import { startWithIssuer as start, together } from "../support/issuer.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("keys without an id", () => {
  const unnamed = ({ kid: _, ...jwk }: { kid?: string }) => jwk;

  it("verify a token, with an id or without one, if any of them can", async () => {
    const { issuer, send } = await start();
    const others = [await issuer.anotherJwk(), await issuer.anotherJwk()];
    issuer.state.respond = () => Response.json({ keys: [...others, issuer.publicJwk()].map(unnamed) });
    for (const kid of [undefined, "any"]) {
      expect((await send(initialize({ token: await issuer.sign({}, { kid }) }))).status, kid).toBe(200);
    }
  });

  it.each([1, 3])("in a token match any of %i published keys", async (count) => {
    const { issuer, send } = await start();
    const others = await Promise.all(Array.from({ length: count - 1 }, () => issuer.anotherJwk()));
    issuer.state.respond = () => Response.json({ keys: [...others, issuer.publicJwk()] });
    expect((await send(initialize({ token: await issuer.sign({}, { kid: undefined }) }))).status).toBe(200);
  });

  it("that verify nothing are fetched again, as the issuer may have replaced them, within the same rate limit", async () => {
    const clock = stopClock();
    const { issuer, send } = await start();
    const keys = [unnamed(await issuer.anotherJwk())];
    issuer.state.respond = () => Response.json({ keys });
    const tokenOf = (i: number) => issuer.sign({}, { kid: i % 2 === 0 ? undefined : "any" });
    expect(statuses(await together(50, send, tokenOf))).toEqual({ 401: 50 });
    expect(issuer.state.fetches).toBe(1);
    keys[0] = unnamed(issuer.publicJwk());
    clock.pass(30_000);
    expect(statuses(await together(50, send, tokenOf))).toEqual({ 200: 50 });
    expect(issuer.state.fetches).toBe(2);
  });

  it("cost at most ten signature checks for a token without a key id", async () => {
    const { issuer, send } = await start();
    const other = await issuer.anotherJwk();
    issuer.state.respond = () => Response.json({ keys: Array.from({ length: 500 }, () => unnamed(other)) });
    const token = await issuer.sign({}, { kid: undefined });
    const verify = vi.spyOn(crypto.subtle, "verify");
    expect((await send(initialize({ token }))).status).toBe(401);
    expect(verify).toHaveBeenCalledTimes(10);
  });
});
