import { expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { connected, countOf, ownFolder, ownServer } from "./support/servers.ts";

it("a server restarted with 3 registry shards instead of 16, and then with 16 again, counts, lists and refuses as before", async () => {
  const persistTo = ownFolder();
  const { token, secret } = await createToken("alice", ["sessions", "admin"]);
  const vars = { AUTH_MODE: "token", AUTH_TOKENS: secret, MAX_SESSIONS_PER_PRINCIPAL: "14" };
  const first = await ownServer({ persistTo, vars: { ...vars, REGISTRY_SHARDS: "16" } });
  const port = Number(new URL(first.url).port);
  const headers = { Authorization: `Bearer ${token}` };
  const client = await connected("modern", first.url, { headers });
  const begin = async (n: number) => client.call("set_working_directory", { directory: `/home/me/${n}` });
  for (let n = 0; n < 10; n++) await begin(n);
  const openedOn = async (url: string) => {
    const metrics = await fetch(`${url}/metrics`, { headers });
    return /^mcp_session_context_sessions_opened_total (\d+)$/m.exec(await metrics.text())?.[1];
  };
  const listed = async () => (await client.call("list_sessions")).data.sessions;
  await first.stop();

  const fewer = await ownServer({ persistTo, port, vars: { ...vars, REGISTRY_SHARDS: "3" } });
  expect(await countOf(client)).toBe(10);
  expect(await openedOn(fewer.url)).toBe("10");
  expect(await listed()).toHaveLength(10);
  for (let n = 10; n < 14; n++) expect((await begin(n)).isError).toBe(false);
  expect((await begin(14)).isError).toBe(true);
  await fewer.stop();

  const again = await ownServer({ persistTo, port, vars: { ...vars, REGISTRY_SHARDS: "16" } });
  expect((await begin(14)).isError).toBe(true);
  expect(await countOf(client)).toBe(14);
  expect(await openedOn(again.url)).toBe("14");
  expect(await listed()).toHaveLength(14);
  expect(await (await fetch(`${again.url}/readyz`)).json()).toEqual({ status: "ready" });
});
