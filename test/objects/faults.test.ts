/** A failure injected at every await of every operation: afterwards the answers, the count and the storage must be correct. */
import { abortAllDurableObjects } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { REGISTRY_CALL_TIMEOUT_MS } from "../../src/registry/limits.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import {
  activeSessions,
  contextOf,
  DAY,
  EMPTY,
  evict,
  fireDueAlarm,
  inSession,
  moveClock,
  newSession,
  ownClock,
  type SessionStub,
  setRequest,
  settle,
  storageOf,
  stubAgain,
  stubOf,
} from "../support/objects.ts";

ownClock();

const MINUTES = 60_000;

/** The operations, each with the directories that may be read after it if it failed midway, and if it succeeded. */
interface Operation {
  readonly prepare?: (session: SessionStub) => Promise<unknown>;
  readonly run: (session: SessionStub) => Promise<unknown>;
  readonly before: string | null;
  readonly after: string | null;
}

const begun = (session: SessionStub) => session.set(ANONYMOUS, setRequest("/a"));

const operations: Record<string, Operation> = {
  "first set": { run: (session) => session.set(ANONYMOUS, setRequest("/a")), before: null, after: "/a" },
  "second set": {
    prepare: begun,
    run: (session) => session.set(ANONYMOUS, setRequest("/b")),
    before: "/a",
    after: "/b",
  },
  get: {
    prepare: async (session) => {
      await begun(session);
      moveClock(2 * MINUTES);
    },
    run: (session) => session.get(ANONYMOUS),
    before: "/a",
    after: "/a",
  },
  end: { prepare: begun, run: (session) => session.end(ANONYMOUS), before: "/a", after: null },
  DELETE: { prepare: begun, run: (session) => session.delete(ANONYMOUS), before: "/a", after: null },
  expiry: {
    prepare: async (session) => {
      await begun(session);
      moveClock(DAY + MINUTES);
    },
    run: fireDueAlarm,
    before: null,
    after: null,
  },
};

/** Prepares the failure. The returned function, if any, runs from outside during the operation. */
type Fault = (session: SessionStub) => Promise<void> | void | Promise<Meanwhile> | Meanwhile;
type Meanwhile = (isOver: () => boolean) => Promise<void>;
type RegistryMethod = "register" | "unregister";

/** Breaks one method of the registry once. */
function onceInRegistry(method: RegistryMethod, broken: (original: () => unknown) => unknown): Fault {
  return () => {
    const original = SessionRegistry.prototype[method] as (...args: unknown[]) => unknown;
    vi.spyOn(SessionRegistry.prototype, method).mockImplementationOnce(function (
      this: SessionRegistry,
      ...args: unknown[]
    ) {
      return broken(() => original.apply(this, args)) as never;
    });
  };
}

/** Breaks one method of the object's storage once. */
function onceInStorage(method: "getAlarm" | "setAlarm" | "deleteAll"): Fault {
  return (session) =>
    inSession(session, (_, { storage }) => {
      Object.defineProperty(storage, method, {
        configurable: true,
        value: () => {
          Reflect.deleteProperty(storage, method);
          return Promise.reject(new Error(`${method} fails`));
        },
      });
    });
}

/** Kills every object during the registry's `method`: before its work is done, or after, while the reply is under way. */
const killAt =
  (method: RegistryMethod, when: "before" | "after"): Fault =>
  (session) => {
    let reached = false;
    onceInRegistry(method, async (original) => {
      if (when === "after") original();
      reached = true;
      await scheduler.wait(60_000);
    })(session);
    return async (isOver) => {
      while (!reached && !isOver()) await scheduler.wait(1);
      if (reached) await abortAllDurableObjects();
    };
  };

const registryFaults = (method: RegistryMethod): Record<string, Fault> => ({
  [`${method} is refused`]: onceInRegistry(method, () => {
    throw new Error("refused");
  }),
  [`the reply to ${method} is lost`]: onceInRegistry(method, (original) => {
    original();
    throw new Error("lost");
  }),
  [`all objects are killed before ${method}`]: killAt(method, "before"),
  [`all objects are killed after ${method}`]: killAt(method, "after"),
});

const faults: Record<string, Fault> = {
  ...registryFaults("register"),
  ...registryFaults("unregister"),
  "reading the alarm fails": onceInStorage("getAlarm"),
  "setting the alarm fails": onceInStorage("setAlarm"),
  "deleting everything fails": onceInStorage("deleteAll"),
};

const slow: Record<string, Fault> = Object.fromEntries(
  (["register", "unregister"] as const).map((method) => [
    `${method} is done, but later than anybody waits`,
    onceInRegistry(method, async (original) => {
      await scheduler.wait(REGISTRY_CALL_TIMEOUT_MS + 500);
      original();
    }),
  ]),
);

async function runWithFault({ prepare, run, before, after }: Operation, fault: Fault): Promise<void> {
  const first = newSession();
  await prepare?.(first);
  const meanwhile = await fault(first);
  let over = false;
  const running = run(first)
    .then(
      () => true,
      () => false,
    )
    .finally(() => {
      over = true;
    });
  await meanwhile?.(() => over);
  const acknowledged = await running;
  vi.restoreAllMocks();
  // Storage and registry alone must correct it, whatever memory held.
  const session = stubAgain(first);
  await evict(session);

  const answer = await directoryOf(session);
  expect(acknowledged ? [after] : [before, after]).toContain(answer);
  // Within minutes, long before its deadline, the session is counted or not as it should be.
  await settle(session, 30 * MINUTES);
  expect(await directoryOf(session)).toBe(answer);
  expect(await activeSessions()).toBe(answer === null ? 0 : 1);

  await settle(session);
  expect(await storageOf(session)).toEqual(EMPTY);
  expect(await activeSessions()).toBe(0);
}

async function directoryOf(session: SessionStub): Promise<string | null> {
  const got = await session.peek(ANONYMOUS);
  return got.ok ? (got.value?.workingDirectory ?? null) : null;
}

describe.each(Object.entries(operations))("%s", (_name, operation) => {
  it.each(Object.entries(faults))("is corrected although %s", (_fault, fault) => runWithFault(operation, fault));
});

describe.each(["first set", "end", "expiry"])("%s", (name) => {
  it.each(Object.entries(slow))("is corrected although %s", async (_fault, fault) => {
    await runWithFault(operations[name] as Operation, fault);
  });
});

describe("a set in the middle of closing", () => {
  /** Sets a directory when the registry is next asked to remove a row, and returns what the set answered. */
  const setWhileUnregistering = (session: SessionStub, byHeader = false): Promise<unknown> =>
    new Promise((resolve) => {
      const id = session.id.toString();
      onceInRegistry("unregister", async (original) => {
        resolve(await stubOf(id).set(ANONYMOUS, setRequest("/new"), undefined, byHeader));
        return original();
      })(session);
    });

  it.each(["end", "expiry"])("wins over %s and is counted", async (name) => {
    const session = newSession();
    const operation = operations[name] as Operation;
    await operation.prepare?.(session);
    const set = setWhileUnregistering(session);
    await operation.run(session);
    expect(await set).toMatchObject({ ok: true, value: { created: true } });
    await evict(session);
    expect((await contextOf(session))?.workingDirectory).toBe("/new");
    expect(await activeSessions()).toBe(1);
    await settle(session);
    expect(await activeSessions()).toBe(0);
    expect(await storageOf(session)).toEqual(EMPTY);
  });

  it("begun by a DELETE is refused to the header: its session is over", async () => {
    const session = newSession();
    await begun(session);
    const set = setWhileUnregistering(session, true);
    await session.delete(ANONYMOUS);
    expect(await set).toMatchObject({ ok: false, failure: { kind: "session_deleted" } });
    expect(await activeSessions()).toBe(0);
  });

  it("begun by a DELETE succeeds by argument, and the header stays deleted", async () => {
    const session = newSession();
    await begun(session);
    const set = setWhileUnregistering(session);
    await session.delete(ANONYMOUS);
    expect(await set).toMatchObject({ ok: true, value: { created: true } });
    await evict(session);
    expect((await contextOf(session))?.workingDirectory).toBe("/new");
    expect(await session.peek(ANONYMOUS, true)).toMatchObject({ failure: { kind: "session_deleted" } });
    expect(await activeSessions()).toBe(1);
    await settle(session);
    expect(await storageOf(session)).toEqual(EMPTY);
  });
});

describe("an end in the middle of registering", () => {
  it("leaves no row", async () => {
    const session = newSession();
    const id = session.id.toString();
    let end: unknown;
    onceInRegistry("register", async (original) => {
      void stubOf(id)
        .end(ANONYMOUS)
        .then((ended) => {
          end = ended;
        });
      return original();
    })(session);
    await session.set(ANONYMOUS, setRequest("/a"));
    while (end === undefined) await scheduler.wait(1);
    expect(end).toMatchObject({ value: { ended: true } });
    await settle(session);
    expect(await activeSessions()).toBe(0);
    expect(await storageOf(session)).toEqual(EMPTY);
  });
});
