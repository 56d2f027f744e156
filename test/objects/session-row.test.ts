/** The registration of one context, with answers of the registry that come when the test says so. */
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

it("a quota refuses no context that was acknowledged while it was asked, at whatever moment the second try begins", async () => {
  for (let moments = 0; moments < 24; moments++) {
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
      const row = new SessionRow(
        "sess_x",
        record,
        client,
        () => {},
        () => {},
      );
      const live = session();
      await record.store(live, Date.now() + 5000);
      const acknowledged = row.acknowledge(live);
      // As the alarm does, which comes while the first try fails.
      const alarm = (async () => {
        first.resolve();
        for (let n = 0; n < moments; n++) await null;
        await row.register(live);
      })();
      const refused = await acknowledged;
      await alarm;
      // Refused before it was acknowledged, or there for good.
      expect(record.stored?.state, `moment ${moments}`).toBe(refused === null ? "live" : undefined);
      await storage.deleteAll();
    });
  }
});
