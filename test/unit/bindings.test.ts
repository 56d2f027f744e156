import { describe, expect, it } from "vitest";
import { checkBindings } from "../../src/session/bindings.ts";

const namespace = { idFromString() {} };
const limiter = { limit() {} };
const OBJECTS = { SESSIONS: namespace, REGISTRY: namespace, CATALOG: namespace };
const ALL = { ...OBJECTS, REQUEST_LIMITER: limiter, CONTEXT_LIMITER: limiter };
const LIMITED = { rateLimited: true };

describe("bindings", () => {
  it("are complete with three objects and two limiters, or without limiters if rate limits are off", () => {
    expect(() => checkBindings(ALL, LIMITED)).not.toThrow();
    expect(() => checkBindings(OBJECTS, { rateLimited: false })).not.toThrow();
  });

  it.each([
    [{}, "no Durable Object is bound as SESSIONS, REGISTRY, CATALOG."],
    [{ ...ALL, CATALOG: undefined }, "no Durable Object is bound as CATALOG."],
    [{ ...ALL, SESSIONS: "a var by that name" }, "no Durable Object is bound as SESSIONS."],
    [OBJECTS, "no rate limiter is bound as REQUEST_LIMITER, CONTEXT_LIMITER,"],
    [{ ...ALL, CONTEXT_LIMITER: undefined }, "no rate limiter is bound as CONTEXT_LIMITER,"],
  ])("%o stop the server with one line that names the missing ones", (env, message) => {
    const check = () => checkBindings(env, LIMITED);
    expect(check).toThrow(message);
    expect(check).toThrow(/^Bad configuration: [^\n]+inherits no bindings[^\n]+$/);
  });
});
