/** Calls to a session object that fail on the platform: which are retried, their effect, and the reported outcome. */
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { OBJECT_CALL_TRIES } from "../../src/session/limits.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { evict, ownClock, stubOf } from "../support/objects.ts";

ownClock();

/** How a call fails: before it arrives, or with a lost reply, after which `afterwards` runs. */
interface Fault {
  readonly mark: object;
  readonly lost?: "call" | "reply";
  readonly afterwards?: (objectId: string) => Promise<void>;
}

const BROKEN: Fault = { mark: { retryable: true } };
const RESET: Fault = { mark: { durableObjectReset: true } };
const OVERLOADED: Fault = { mark: { overloaded: true } };
const REPLY_LOST: Fault = { ...BROKEN, lost: "reply" };

/** Sessions whose next calls fail in turn. As on the platform, a stub stays broken after a failure. */
function sessionsFailing(...faults: readonly Fault[]) {
  let calls = 0;
  const callOver = (stub: object, id: DurableObjectId) => {
    let broken: Error | null = null;
    return async (method: string | symbol, args: unknown[]) => {
      const fault = faults[calls++];
      if (broken !== null) throw broken;
      const call = () => (Reflect.get(stub, method) as (...args: unknown[]) => Promise<unknown>)(...args);
      if (fault === undefined) return call();
      broken = Object.assign(new Error("The platform failed this call"), fault.mark);
      if (fault.lost === "reply") await call();
      await fault.afterwards?.(id.toString());
      throw broken;
    };
  };
  const get = (id: DurableObjectId) => {
    const stub = env.SESSIONS.get(id);
    const call = callOver(stub, id);
    return new Proxy(stub, {
      get:
        (_, method) =>
        (...args: unknown[]) =>
          call(method, args),
    });
  };
  const namespace = { newUniqueId: () => env.SESSIONS.newUniqueId(), get } as never;
  return { sessions: new Sessions(namespace, parseConfig({})), calls: () => calls };
}

const set = (sessions: Sessions, session = sessions.mint()) =>
  sessions.set(session, ANONYMOUS, { workingDirectory: "/a", config: null, client: null, region: null });
const rest = { region: null, client: null, mayBegin: true };
const repeated = (fault: Fault) => Array.from({ length: 10 }, () => fault);

describe.each([
  ["broke", BROKEN],
  ["reached a reset object", RESET],
] as const)("a call that %s", (_name, fault) => {
  it("is retried over a new stub", async () => {
    const { sessions, calls } = sessionsFailing(fault, fault);
    expect(await set(sessions)).toMatchObject({ ok: true, value: { created: true } });
    expect(calls()).toBe(3);
    const reading = sessionsFailing(fault);
    expect(await reading.sessions.get(reading.sessions.mint(), ANONYMOUS)).toEqual({ ok: true, value: null });
  });

  it("every time is given up, and a change then reports an unknown outcome", async () => {
    const changing = sessionsFailing(...repeated(fault));
    expect(await set(changing.sessions)).toMatchObject({ failure: { kind: "outcome_unknown" } });
    expect(changing.calls()).toBe(OBJECT_CALL_TRIES);
    const reading = sessionsFailing(...repeated(fault));
    const got = await reading.sessions.get(reading.sessions.mint(), ANONYMOUS);
    expect(got).toMatchObject({ failure: { kind: "session_unavailable" } });
    expect(reading.calls()).toBe(OBJECT_CALL_TRIES);
  });
});

describe("an overloaded object", () => {
  it.each([OVERLOADED, { mark: { overloaded: true, retryable: true } }])("is not called again (%j)", async (fault) => {
    const changing = sessionsFailing(...repeated(fault));
    expect(await set(changing.sessions)).toMatchObject({ failure: { kind: "session_unavailable" } });
    expect(changing.calls()).toBe(1);
    const reading = sessionsFailing(...repeated(fault));
    const got = await reading.sessions.get(reading.sessions.mint(), ANONYMOUS);
    expect(got).toMatchObject({ failure: { kind: "session_unavailable" } });
    expect(reading.calls()).toBe(1);
  });

  it("is not called again for a retry either, and a change may have been applied by the broken call", async () => {
    const { sessions, calls } = sessionsFailing(REPLY_LOST, ...repeated(OVERLOADED));
    expect(await set(sessions)).toMatchObject({ failure: { kind: "outcome_unknown" } });
    expect(calls()).toBe(2);
  });
});

describe("a change whose reply was lost", () => {
  it("is applied once and answered as if nothing had happened", async () => {
    const { sessions, calls } = sessionsFailing(REPLY_LOST);
    const session = sessions.mint();
    expect(await set(sessions, session)).toMatchObject({ ok: true, value: { created: true } });
    const write = (text: string, expected: string | null) =>
      sessionsFailing(REPLY_LOST).sessions.state(session, ANONYMOUS, { kind: "set", key: "n", text, expected }, rest);
    expect(await write("1", null)).toMatchObject({ ok: true });
    expect(await write("2", "1")).toMatchObject({ ok: true });
    expect(await sessionsFailing(REPLY_LOST).sessions.end(session, ANONYMOUS)).toMatchObject({
      value: { ended: true },
    });
    expect(await sessionsFailing(REPLY_LOST).sessions.delete(session, ANONYMOUS)).toMatchObject({ ok: true });
    expect(calls()).toBe(2);
  });

  it("has an unknown outcome if the object was restarted too", async () => {
    const { sessions } = sessionsFailing();
    const session = sessions.mint();
    await set(sessions, session);
    const restarted = sessionsFailing({ ...REPLY_LOST, afterwards: (id) => evict(stubOf(id)) }).sessions;
    expect(await restarted.end(session, ANONYMOUS)).toMatchObject({ failure: { kind: "outcome_unknown" } });
    expect(await sessions.get(session, ANONYMOUS)).toEqual({ ok: true, value: null });
  });
});

it("An error without the platform's properties is a bug: it is thrown, and the call is not retried", async () => {
  const { sessions, calls } = sessionsFailing({ mark: {} });
  await expect(set(sessions)).rejects.toThrow("The platform failed this call");
  expect(calls()).toBe(1);
});
