import { afterEach, describe, expect, it, vi } from "vitest";
import { initialize, startApp, statuses } from "../support/apps.ts";
import { startWithIssuer as start } from "../support/issuer.ts";

afterEach(() => vi.restoreAllMocks());

describe("the client's address", () => {
  const limits = (limit: number) => {
    const used = new Map<string, number>();
    const binding: RateLimit = {
      async limit({ key }) {
        used.set(key, (used.get(key) ?? 0) + 1);
        return { success: (used.get(key) ?? 0) <= limit };
      },
    };
    return { used, bindings: { REQUEST_LIMITER: binding } };
  };
  const headers = { "cf-connecting-ip": "192.0.2.1" };

  it("is charged before a token is verified or keys are fetched, and once per request", async () => {
    const { issuer } = await start();
    const { used, bindings } = limits(0);
    const send = startApp({ ...issuer.vars, RATE_LIMITS: "on" }, bindings);
    const verify = vi.spyOn(crypto.subtle, "verify");
    for (const token of [await issuer.sign(), await issuer.sign({}, { kid: "made-up" }), "x"]) {
      const answer = await send(initialize({ token, headers }));
      expect(answer.status).toBe(429);
      expect(answer.headers.get("Retry-After")).toBe("60");
    }
    expect(issuer.state.fetches).toBe(0);
    expect(verify).not.toHaveBeenCalled();
    expect(used).toEqual(new Map([["address 192.0.2.1", 3]]));
  });

  it("does not lock out a caller with a verified token when others misuse it", async () => {
    const { issuer } = await start();
    const { used, bindings } = limits(5);
    const send = startApp({ ...issuer.vars, RATE_LIMITS: "on" }, bindings);
    const token = await issuer.sign();
    expect((await send(initialize({ token, headers }))).status).toBe(200);
    const hostile = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        send(initialize({ token: await issuer.sign({}, { kid: `made-up-${i}` }), headers })),
      ),
    );
    expect(statuses(hostile)).toEqual({ 401: 4, 429: 16 });
    expect((await send(initialize({ token, headers }))).status).toBe(200);
    expect([...used.values()]).toEqual([21, 2]);
  });
});
