import { afterEach, describe, expect, it, vi } from "vitest";
import { initialize } from "../support/apps.ts";
import { startWithIssuer as start } from "../support/issuer.ts";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("keys of the issuer", () => {
  it("are fetched once for many requests", async () => {
    const { issuer, send } = await start();
    const token = await issuer.sign();
    for (let i = 0; i < 20; i++) expect((await send(initialize({ token }))).status).toBe(200);
    expect(issuer.state.fetches).toBe(1);
  });

  it("are fetched anew for an unknown key, so that a rotated one is accepted and a withdrawn one is not", async () => {
    vi.useFakeTimers({ toFake: ["Date"] });
    const { issuer, send } = await start();
    const old = await issuer.sign();
    expect((await send(initialize({ token: old }))).status).toBe(200);
    await issuer.rotate();
    vi.setSystemTime(Date.now() + 31_000);
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
    expect((await send(initialize({ token: old }))).status).toBe(401);
    expect(issuer.state.fetches).toBe(2);
  });

  it("are not fetched for each made-up key id", async () => {
    const { issuer, send } = await start();
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(200);
    for (let i = 0; i < 20; i++) {
      expect((await send(initialize({ token: await issuer.sign({}, { kid: `made-up-${i}` }) }))).status).toBe(401);
    }
    expect(issuer.state.fetches).toBe(1);
  });

  it.each([
    ["is down", () => new Response("no", { status: 500 })],
    ["does not answer", () => Promise.reject(new TypeError("network"))],
    ["leads elsewhere", () => Response.redirect("https://elsewhere.example.com/jwks", 302)],
    ["answers nonsense", () => new Response("<html>")],
    ["answers something else", () => Response.json({ keys: "none" })],
  ])(
    "are reported as out of reach with 503 when their endpoint %s, and it is left alone for a moment",
    async (_, down) => {
      vi.useFakeTimers({ toFake: ["Date"] });
      vi.spyOn(console, "error").mockImplementation(() => undefined);
      const { issuer, send } = await start();
      const token = await issuer.sign();
      issuer.state.respond = down;
      for (let i = 0; i < 5; i++) {
        const answer = await send(initialize({ token }));
        expect(answer.status).toBe(503);
        expect(answer.headers.get("Retry-After")).toBe("5");
        expect(answer.text).toContain("out of reach");
      }
      expect(issuer.state.fetches).toBe(1);
      issuer.state.respond = null;
      vi.setSystemTime(Date.now() + 2001);
      expect((await send(initialize({ token }))).status).toBe(200);
    },
  );

  it("that are too weak to use make it 503, not 500 and not 401", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const { issuer, send } = await start();
    issuer.state.respond = () =>
      Response.json({ keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA", kid: issuer.kid() }] });
    expect((await send(initialize({ token: await issuer.sign() }))).status).toBe(503);
  });

  it("serve many requests at once", async () => {
    const { issuer, send } = await start();
    const token = await issuer.sign();
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(initialize({ token }))));
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 20 }, () => 200));
  });
});
