/** Random interleavings of operations on 20 sessions, compared with a simple model. */
import { runDurableObjectAlarm } from "cloudflare:test";
import fc from "fast-check";
import { expect, it } from "vitest";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { addTallies, NO_TALLY, subtractTallies, type Tally } from "../../src/registry/tally.ts";
import {
  activeSessions,
  alarmOf,
  DAY,
  EMPTY,
  evict,
  fireDueAlarm,
  inSession,
  moveClock,
  newSession,
  ownClock,
  registry,
  type SessionStub,
  setRequest,
  settle,
  storageOf,
} from "../support/objects.ts";

ownClock();

/** A session in the model. */
interface Model {
  directory: string | null;
  /** The context's deadline, as the object reports it at each access. */
  deadline: number;
  deletedUntil: number;
  /** What the registry must have counted. */
  opened: number;
  ended: number;
  deleted: number;
  /** Counted from the first set until it is ended or its alarm has been handled. */
  row: boolean;
}

const NO_MODEL: Model = {
  directory: null,
  deadline: 0,
  deletedUntil: 0,
  opened: 0,
  ended: 0,
  deleted: 0,
  row: false,
};

async function tally(): Promise<Tally> {
  const { answers } = await registry().report();
  return answers.map((shard) => shard.tally).reduce(addTallies);
}

const isLive = (model: Model) => model.directory !== null && Date.now() < model.deadline;
/** Whether calls by header are refused; calls by argument never are. */
const isRefused = (model: Model, byHeader: boolean) => byHeader && Date.now() < model.deletedUntil;

const operations = {
  set: async (session: SessionStub, model: Model, n: number, byHeader: boolean) => {
    const set = await session.set(ANONYMOUS, setRequest(`/${n}`), undefined, byHeader);
    if (isRefused(model, byHeader)) return expect(set).toMatchObject({ failure: { kind: "session_deleted" } });
    expect(set).toMatchObject({ ok: true, value: { created: !isLive(model), context: { workingDirectory: `/${n}` } } });
    if (set.ok && set.value.created) model.opened++;
    Object.assign(model, { directory: `/${n}`, deadline: set.ok ? set.value.context.expiresAt : 0, row: true });
    expect(model.deadline - Date.now() - DAY).toBeGreaterThanOrEqual(0);
    expect(model.deadline - Date.now() - DAY).toBeLessThan(60_000);
  },
  get: async (session: SessionStub, model: Model, _n: number, byHeader: boolean) => {
    const got = await session.get(ANONYMOUS, byHeader);
    if (isRefused(model, byHeader)) return expect(got).toMatchObject({ failure: { kind: "session_deleted" } });
    if (!isLive(model)) return expect(got).toEqual({ ok: true, value: null });
    expect(got).toMatchObject({ ok: true, value: { workingDirectory: model.directory } });
    if (got.ok && got.value) model.deadline = got.value.expiresAt;
  },
  end: async (session: SessionStub, model: Model, _n: number, byHeader: boolean) => {
    const ended = await session.end(ANONYMOUS, undefined, byHeader);
    if (isRefused(model, byHeader)) return expect(ended).toMatchObject({ failure: { kind: "session_deleted" } });
    expect(ended).toEqual({ ok: true, value: { ended: isLive(model) } });
    if (isLive(model)) Object.assign(model, { directory: null, row: false, ended: model.ended + 1 });
  },
  delete: async (session: SessionStub, model: Model) => {
    const ended = await session.delete(ANONYMOUS);
    if (isRefused(model, true)) return expect(ended).toMatchObject({ failure: { kind: "session_deleted" } });
    expect(ended).toEqual({ ok: true, value: { ended: isLive(model) } });
    if (isLive(model)) model.deleted++;
    Object.assign(model, { directory: null, row: false, deletedUntil: Date.now() + DAY });
  },
  evict: async (session: SessionStub) => evict(session),
  fireAlarm: async (session: SessionStub, model: Model) => {
    const expired = model.directory !== null && !isLive(model);
    if ((await fireDueAlarm(session)) && expired) Object.assign(model, { directory: null, row: false });
  },
  deliverAlarmAgain: async (session: SessionStub) => {
    // Early, late or twice: an alarm that is not due must change nothing.
    const due = ((await alarmOf(session)) ?? 0) <= Date.now();
    if (!due) await inSession(session, (instance) => instance.alarm());
  },
  hour: async () => moveClock(3_600_000),
  day: async () => moveClock(DAY + 60_000),
};

const command = fc.record({
  operation: fc.constantFrom(
    ...(Object.keys(operations) as (keyof typeof operations)[]),
    "set",
    "get",
    "set",
    "hour" as const,
  ),
  session: fc.nat(19),
  n: fc.nat(999),
  byHeader: fc.boolean(),
});

it("gives the same answers and the same count as the model", { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 120 }), async (commands) => {
      const sessions = Array.from({ length: 20 }, newSession);
      const models = sessions.map((): Model => ({ ...NO_MODEL }));
      const before = await activeSessions();
      const tallyBefore = await tally();
      for (const [at, { operation, session, n, byHeader }] of commands.entries()) {
        await operations[operation](sessions[session] as SessionStub, models[session] as Model, n, byHeader);
        if (at % 10 === 0) expect((await activeSessions()) - before).toBe(models.filter((model) => model.row).length);
      }
      expect((await activeSessions()) - before).toBe(models.filter((model) => model.row).length);
      for (const session of sessions) {
        for (let due = 0; due < 5 && (await fireDueAlarm(session)); due++);
      }
      expect((await activeSessions()) - before).toBe(models.filter(isLive).length);
      for (const session of sessions) {
        if ((await alarmOf(session)) !== null) await settle(session);
        expect(await storageOf(session)).toEqual(EMPTY);
      }
      expect(await activeSessions()).toBe(before);
      // Every context has begun and ended exactly once, and for the reason in the model.
      const sum = (field: "opened" | "ended" | "deleted") => models.reduce((n, model) => n + model[field], 0);
      const [opened, ended, deleted] = [sum("opened"), sum("ended"), sum("deleted")];
      const counted = { ...NO_TALLY, opened, ended, deleted, expired: opened - ended - deleted };
      expect(subtractTallies(await tally(), tallyBefore)).toEqual(counted);
    }),
    { numRuns: 12 },
  );
});

it("detects a context that is read after its deadline: the model is not trivially true", async () => {
  const session = newSession();
  const model: Model = { ...NO_MODEL, directory: "/1", deadline: Date.now() + DAY, row: true };
  await expect(operations.get(session, model, 0, false)).rejects.toThrow();
  expect(await runDurableObjectAlarm(session)).toBe(false);
});
