/** Steps that the demo takes more than once. Each checks the result and returns it in a few words. */
import assert from "node:assert/strict";
import type { ConnectedClient } from "../library/mcp-clients.ts";
import { type DemoTable, shortId } from "./table.ts";

/** Number of sessions with a context, as reported to `client`. */
export async function count(client: ConnectedClient): Promise<unknown> {
  return (await client.call("get_session_count")).data.active_sessions;
}

export const counts = (table: DemoTable, who: string, client: ConnectedClient, want: number) =>
  table.step({
    who,
    does: "counts the active sessions",
    run: async () => {
      assert.equal(await count(client), want);
      return want === 1 ? "1 active session" : `${want} active sessions`;
    },
  });

export const sets = (table: DemoTable, who: string, client: ConnectedClient, directory: string, session?: string) =>
  table.step({
    who,
    does: `sets ${directory}${session ? " under the same id" : ""}`,
    run: async () => {
      const { data } = await client.call("set_working_directory", { directory, ...argument(session) });
      assert.equal(data.working_directory, directory);
      assert.equal(data.session_id, session ?? client.sessionId());
      assert.equal(data.created, true);
      return `a context began in session ${shortId(data.session_id)}`;
    },
  });

export const gets = (
  table: DemoTable,
  who: string,
  client: ConnectedClient,
  want: string,
  session?: string,
  does?: string,
) =>
  table.step({
    who,
    does: does ?? "asks for the directory",
    run: async () => {
      const { data } = await client.call("get_working_directory", argument(session));
      assert.equal(data.working_directory, want);
      return want;
    },
  });

export const getsNothing = (table: DemoTable, who: string, client: ConnectedClient, does: string, session?: string) =>
  table.step({
    who,
    does,
    run: async () => {
      const { isError, data } = await client.call("get_working_directory", argument(session));
      assert.equal(isError, false);
      assert.equal(data.working_directory, null);
      assert.match(String(data.hint), /Call set_working_directory/);
      return "none, and a hint to call set_working_directory";
    },
  });

export const ends = (table: DemoTable, who: string, client: ConnectedClient, session: string) =>
  table.step({
    who,
    does: "ends her context",
    run: async () => {
      const { data } = await client.call("end_session", { session_id: session });
      assert.equal(data.ended, true);
      return "ended";
    },
  });

const argument = (session: string | undefined) => (session === undefined ? {} : { session_id: session });
