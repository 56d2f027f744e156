import { expect, it } from "vitest";
import { connected, countOf, ownFolder, ownServer } from "./support/servers.ts";

const POLL = { timeout: 15000, interval: 50 };
it("contexts and their count survive a server that is killed and started again on the same storage", async () => {
  const persistTo = ownFolder();
  const first = await ownServer({ persistTo });
  const modern = await connected("modern", first.url);
  const legacy = await connected("legacy", first.url);
  const v1 = await connected("v1", first.url);
  const { data } = await modern.call("set_working_directory", { directory: "/home/me/modern" });
  await legacy.call("set_working_directory", { directory: "/home/me/legacy" });
  await v1.call("set_working_directory", { directory: "/home/me/over" });
  await v1.call("end_session");
  await first.stop("SIGKILL");
  await ownServer({ persistTo, port: Number(new URL(first.url).port) });
  const got = await modern.call("get_session_context", { session_id: data.session_id });
  expect(got.data).toMatchObject({ working_directory: "/home/me/modern", session_id: data.session_id });
  // The legacy client notices nothing: its header goes on naming its session.
  expect((await legacy.call("get_working_directory")).data.working_directory).toBe("/home/me/legacy");
  expect((await v1.call("get_working_directory")).data.working_directory).toBeNull();
  expect(await countOf(v1)).toBe(2);
});
it("a context expires after two idle seconds and is no longer counted, while one in use lives on", async () => {
  const server = await ownServer({ vars: { SESSION_IDLE_TIMEOUT_SECONDS: "2" } });
  const used = await connected("modern", server.url);
  const idle = await connected("legacy", server.url);
  // The one in use is the older one: without its uses it would be gone first.
  const { data } = await used.call("set_working_directory", { directory: "/home/me/used" });
  const session = { session_id: data.session_id };
  const idleSince = Date.now();
  await idle.call("set_working_directory", { directory: "/home/me/idle" });
  expect(await countOf(used)).toBe(2);
  await expect
    .poll(async () => {
      expect((await used.call("get_working_directory", session)).data.working_directory).toBe("/home/me/used");
      return countOf(used);
    }, POLL)
    .toBe(1);
  expect(Date.now() - idleSince).toBeGreaterThanOrEqual(2000);
  const { isError, data: gone } = await idle.call("get_working_directory");
  expect(isError).toBe(false);
  expect(gone).toMatchObject({ session_id: idle.sessionId(), working_directory: null, expires_at: null });
  expect(gone.hint).toContain("Call set_working_directory");
  await expect.poll(() => countOf(idle), POLL).toBe(0);
  const anew = await idle.call("set_working_directory", { directory: "/home/me/anew" });
  expect(anew.data).toMatchObject({ created: true, session_id: idle.sessionId() });
  expect(await countOf(used)).toBe(1);
});
it("a context whose time comes while no server runs is gone, and not counted, once one runs again", async () => {
  const persistTo = ownFolder();
  const vars = { SESSION_IDLE_TIMEOUT_SECONDS: "1" };
  const first = await ownServer({ persistTo, vars });
  const client = await connected("legacy", first.url);
  const { data } = await client.call("set_working_directory", { directory: "/home/me/late" });
  await first.stop("SIGKILL");
  await expect.poll(() => Date.now(), POLL).toBeGreaterThan(Date.parse(String(data.expires_at)));
  await ownServer({ persistTo, vars, port: Number(new URL(first.url).port) });
  expect((await client.call("get_working_directory")).data.working_directory).toBeNull();
  await expect.poll(() => countOf(client), POLL).toBe(0);
});
