import { expect, it } from "vitest";
import { CLIENT_KINDS, type ClientKind } from "../../scripts/library/mcp-clients.ts";
import { connected, countOf, sharedServer } from "./support/servers.ts";

/** Each test ends what it has begun, so that the next one counts from 0. */
const url = sharedServer();

const kindOf = (i: number): ClientKind => CLIENT_KINDS[i % CLIENT_KINDS.length] ?? "modern";

it("the count is 0, 1, 2, 3 and back again as clients of each kind begin and end contexts, and every client gets the same count", async () => {
  const clients = await Promise.all(CLIENT_KINDS.map((kind) => connected(kind, url())));
  const allCount = () => Promise.all(clients.map(countOf));
  expect(await allCount()).toEqual([0, 0, 0]);

  const sessions: unknown[] = [];
  for (const [i, client] of clients.entries()) {
    const { data } = await client.call("set_working_directory", { directory: `/home/me/${i}` });
    sessions.push(data.session_id);
    expect(await allCount()).toEqual(Array(3).fill(i + 1));
    // Neither a change nor a read begins another context.
    await client.call("set_working_directory", { directory: "/home/me/changed", session_id: data.session_id });
    await client.call("get_working_directory", { session_id: data.session_id });
    expect(await allCount()).toEqual(Array(3).fill(i + 1));
  }
  for (const [i, client] of clients.entries()) {
    await client.call("end_session", { session_id: sessions[i] });
    await client.call("end_session", { session_id: sessions[i] });
    expect(await allCount()).toEqual(Array(3).fill(2 - i));
  }
  await clients[1]?.call("set_working_directory", { directory: "/home/me/last" });
  expect(await allCount()).toEqual([1, 1, 1]);
  await clients[1]?.terminateSession();
  expect(await allCount()).toEqual([0, 0, 0]);
});

it("50 sessions opened and used at once end with every value right and an exact count", async () => {
  const uses = await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const client = await connected(kindOf(i), url());
      const directory = `/home/user-${i}/project`;
      const first = await client.call("set_working_directory", { directory });
      const session = { session_id: first.data.session_id };
      const seen = [(await client.call("get_working_directory", session)).data.working_directory];
      await client.call("set_working_directory", { directory: `${directory}/sub`, ...session });
      seen.push((await client.call("get_session_context", session)).data.working_directory);
      return { client, created: first.data.created, session, directory, seen };
    }),
  );
  for (const { created, directory, seen } of uses) {
    expect(created).toBe(true);
    expect(seen).toEqual([directory, `${directory}/sub`]);
  }
  expect(new Set(uses.map(({ session }) => session.session_id)).size).toBe(50);
  const observer = await connected("modern", url());
  expect(await countOf(observer)).toBe(50);
  // Reads them from outside after all have finished: each still has its own value.
  for (const { session, directory } of uses) {
    const { data } = await observer.call("get_working_directory", session);
    expect(data.working_directory).toBe(`${directory}/sub`);
  }
  await Promise.all(uses.map(({ client, session }) => client.call("end_session", session)));
  expect(await countOf(observer)).toBe(0);
});

it("100 concurrent sets on one session begin one context, which ends up with one of the values", async () => {
  const legacy = await connected("legacy", url());
  const clients = await Promise.all(CLIENT_KINDS.map((kind) => connected(kind, url())));
  const session = { session_id: legacy.sessionId() };
  const directories = Array.from({ length: 100 }, (_, i) => `/home/me/${i}`);
  const replies = await Promise.all(
    directories.map((directory, i) =>
      (clients[i % clients.length] ?? legacy).call("set_working_directory", { directory, ...session }),
    ),
  );
  expect(replies.map(({ data }) => data.working_directory)).toEqual(directories);
  expect(replies.filter(({ data }) => data.created)).toHaveLength(1);
  const final = await Promise.all(clients.map((client) => client.call("get_working_directory", session)));
  const values = new Set(final.map(({ data }) => data.working_directory));
  expect(values.size).toBe(1);
  expect(directories).toContain([...values][0]);
  expect(await countOf(legacy)).toBe(1);
  await legacy.call("end_session");
  expect(await countOf(legacy)).toBe(0);
});
