/** The registration of one context, with registry answers under the test's control. */
import { expect, it } from "vitest";
import { fail, ok } from "../../src/model/failure.ts";
import type { RegistryClient } from "../../src/registry/registry-client.ts";
import type { LiveSession } from "../../src/session/session-context.ts";
import { SessionRecord } from "../../src/session/session-record.ts";
import { SessionRow } from "../../src/session/session-row.ts";
import { DAY, inSession, newSession, ownClock } from "../support/objects.ts";

ownClock();

const session = (): LiveSession => ({
  version: 1,
  state: "live",
  owner: "alice",
  workingDirectory: "/a",
  client: null,
  openedAt: Date.now(),
  setAt: Date.now(),
  idleTimeoutMs: DAY,
  shard: 0,
  registration: { deadline: Date.now() + DAY, tries: 0, maxSessions: 1 },
});

/** A row whose first attempt fails on demand; the second is answered according to the quota. */
async function withRow(
  use: (row: SessionRow, live: LiveSession, record: SessionRecord, fail: () => void) => Promise<void>,
) {
  await inSession(newSession(), async (_, { storage }) => {
    const record = new SessionRecord(storage);
    const first = Promise.withResolvers<void>();
    let calls = 0;
    const register: RegistryClient["register"] = async (_shard, _request, maxSessions) => {
      if (++calls === 1) {
        await first.promise;
        return fail({ kind: "registry_unavailable", shards: [0] });
      }
      return ok(maxSessions > 0 ? { outcome: "refused", oldest: [] } : { outcome: "registered" });
    };
    const client = { register } as unknown as RegistryClient;
    const live = session();
    await record.store(live, Date.now() + 5000);
    const row = new SessionRow(
      "sess_x",
      record,
      client,
      () => {},
      () => {},
    );
    await use(row, live, record, () => first.resolve());
    await storage.deleteAll();
  });
}

it.each(Array.from({ length: 24 }, (_, moments) => moments))(
  "a quota refuses no context acknowledged while it was being checked (second attempt %i microtasks after the first fails)",
  (moments) =>
    withRow(async (row, live, record, failFirst) => {
      const acknowledged = row.acknowledge(live);
      // The alarm comes while the first attempt fails.
      const alarm = (async () => {
        failFirst();
        for (let n = 0; n < moments; n++) await null;
        await row.register(live);
      })();
      const refused = await acknowledged;
      await alarm;
      // Either refused before it was acknowledged, or kept for good.
      expect(record.stored?.state).toBe(refused === null ? "live" : undefined);
    }),
);

it.each(Array.from({ length: 24 }, (_, moments) => moments))(
  "a caller who comes %i microtasks after the alarm's attempt has failed gets no context that a quota may still refuse",
  (moments) =>
    withRow(async (row, live, record, failFirst) => {
      const alarm = row.register(live);
      failFirst();
      for (let n = 0; n < moments; n++) await null;
      const refused = await row.acknowledge(live);
      await alarm;
      if (refused !== null) return expect(record.stored).toBeUndefined();
      expect(record.stored).toMatchObject({ state: "live" });
      expect(record.stored).not.toHaveProperty("registration.maxSessions");
    }),
);
