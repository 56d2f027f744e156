/** The chapters of the demo. Each step does one thing with a real client and checks the result. */
import assert from "node:assert/strict";
import type { ConnectedClient } from "../library/mcp-clients.ts";
import { count, counts, ends, gets, getsNothing, sets } from "./steps.ts";
import { brief, type DemoTable, shortId } from "./table.ts";

export const PEOPLE = {
  ana: {
    name: "Ana",
    about: "SDK v2 speaking 2026-07-28: no session in the protocol, she passes her session_id with each call",
  },
  ben: { name: "Ben", about: "SDK v2 speaking 2025-11-25: his session travels in the Mcp-Session-Id header" },
  cleo: { name: "Cleo", about: "SDK v1 speaking 2025-11-25: as Ben, with the client library of last year" },
};

export const ANA = "Ana  · 2026-07-28";
export const BEN = "Ben  · 2025-11-25";
const CLEO = "Cleo · 2025-11-25";
export const SHOP = "/home/ana/shop";
export const BLOG = "/home/ben/blog";
const SPIKE = "/home/cleo/spike";

export interface Cast {
  readonly table: DemoTable;
  readonly ana: ConnectedClient;
  readonly ben: ConnectedClient;
  readonly cleo: ConnectedClient;
}

export async function open({ table, ana, ben, cleo }: Cast): Promise<void> {
  table.chapter("Everybody connects, to the same endpoint");
  await table.step({
    who: ANA,
    does: "connects",
    run: async () => {
      assert.equal(ana.protocolVersion, "2026-07-28");
      assert.equal(ana.sessionId(), undefined);
      return "2026-07-28 agreed, no session yet";
    },
  });
  for (const [who, client] of [
    [BEN, ben],
    [CLEO, cleo],
  ] as const) {
    await table.step({
      who,
      does: "connects",
      run: async () => {
        assert.equal(client.protocolVersion, "2025-11-25");
        assert.match(client.sessionId() ?? "", /^sess_[\w-]{43}$/);
        return `2025-11-25 agreed, session ${shortId(client.sessionId())} in the header`;
      },
    });
  }
  await counts(table, ANA, ana, 0);
}

/** Returns Ana's session id; Ben's is in his header. */
export async function workSideBySide({ table, ana, ben, cleo }: Cast): Promise<string> {
  table.chapter("Two projects side by side, and nothing of one in the other");
  let session = "";
  await table.step({
    who: ANA,
    does: `sets ${SHOP}`,
    run: async () => {
      const { data } = await ana.call("set_working_directory", { directory: SHOP });
      assert.equal(data.success, true);
      assert.equal(data.created, true);
      session = String(data.session_id);
      assert.match(session, /^sess_[\w-]{43}$/);
      return `a context began in session ${shortId(session)}`;
    },
  });
  await sets(table, BEN, ben, BLOG);
  await counts(table, BEN, ben, 2);
  await gets(table, ANA, ana, SHOP, session);
  await gets(table, BEN, ben, BLOG);
  await getsNothing(table, CLEO, cleo, "asks for her directory, never having set one");
  return session;
}

export async function carryHandles({ table, ana, ben, cleo }: Cast, session: string): Promise<void> {
  table.chapter("A session_id goes from one client to another, also from one era to the other");
  await gets(table, CLEO, cleo, SHOP, session, `asks with Ana's ${shortId(session)}`);
  await gets(table, ANA, ana, BLOG, ben.sessionId(), `asks with Ben's ${shortId(ben.sessionId())}`);
}

export async function makeMistakes({ table, ana, cleo }: Cast, session: string): Promise<void> {
  table.chapter("Mistakes are answered with what to do");
  const mistyped = session.slice(0, -2) + (session.at(-2) === "A" ? "B" : "A") + session.slice(-1);
  const wrong: [string, ConnectedClient, string, string, object, RegExp][] = [
    [
      ANA,
      ana,
      "mistypes one character of her id",
      "get_working_directory",
      { session_id: mistyped },
      /is not a session of this server/,
    ],
    [
      CLEO,
      cleo,
      'sets "src/app"',
      "set_working_directory",
      { directory: "src/app" },
      /"src\/app" is not an absolute path/,
    ],
  ];
  for (const [who, client, does, tool, args, want] of wrong) {
    await table.step({
      who,
      does,
      run: async () => {
        const { isError, text } = await client.call(tool, { ...args });
        assert.ok(isError, `want an error, got "${text}"`);
        assert.match(text, want);
        return `error: ${brief(text.replace(/"sess_[^"]+"/, "…"), 47)}`;
      },
    });
  }
}

export async function endAndBeginAnew({ table, ana, ben }: Cast, session: string): Promise<void> {
  table.chapter("A context is ended, and begun anew under the same id");
  await ends(table, ANA, ana, session);
  await counts(table, BEN, ben, 1);
  await getsNothing(table, ANA, ana, "asks for her directory", session);
  await sets(table, ANA, ana, SHOP, session);
  await counts(table, BEN, ben, 2);
}

export async function surviveKill(
  { table, ana, ben }: Cast,
  session: string,
  restart: () => Promise<void>,
): Promise<void> {
  table.chapter("The server dies (SIGKILL) and comes back on the same storage, with a timeout of 2 seconds");
  await table.step({
    who: "server",
    does: "is killed and started again",
    run: async () => {
      await restart();
      return "answers again";
    },
  });
  await gets(table, ANA, ana, SHOP, session);
  await gets(table, BEN, ben, BLOG);
  await counts(table, ANA, ana, 2);
}

export async function expire({ table, ana, cleo }: Cast): Promise<void> {
  table.chapter("A context that nobody uses expires; those that began under the long timeout stay");
  const setAt = Date.now();
  await sets(table, CLEO, cleo, SPIKE);
  await counts(table, ANA, ana, 3);
  await table.step({
    who: ANA,
    does: "counts until Cleo's context is gone",
    run: async () => {
      while ((await count(ana)) !== 2) {
        assert.ok(Date.now() - setAt < 15_000, "still counted after 15 seconds");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      const seconds = (Date.now() - setAt) / 1000;
      assert.ok(seconds >= 2, `gone after ${seconds} s already`);
      return `2 active sessions, ${seconds.toFixed(1)} s after the last use`;
    },
  });
  await getsNothing(table, CLEO, cleo, "asks for her directory");
}

export async function finish({ table, ana, ben, cleo }: Cast, session: string): Promise<void> {
  table.chapter("Good-bye");
  await table.step({
    who: BEN,
    does: "ends his session (DELETE)",
    run: async () => {
      const gone = ben.sessionId() ?? "";
      await ben.terminateSession();
      const { isError, text, data } = await ana.call("get_working_directory", { session_id: gone });
      assert.ok(!isError, text);
      assert.equal(data.working_directory, null);
      return `${shortId(gone)}: the header is refused from now on; as session_id it begins anew`;
    },
  });
  await ends(table, ANA, ana, session);
  await counts(table, CLEO, cleo, 0);
}
