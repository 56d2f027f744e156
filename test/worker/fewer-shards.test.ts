import { describe, expect, it } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { callTool, type Send, startApp } from "../support/apps.ts";

const HOST = "mcp.example.workers.dev";

describe("fewer registry shards than before", () => {
  it("change no figure and no list, and do not reset any quota", async () => {
    const tokens = await createToken("carol", ["sessions", "admin"]);
    const vars = { AUTH_MODE: "token", AUTH_TOKENS: tokens.secret, MAX_SESSIONS_PER_PRINCIPAL: "8" };
    const apps = ["16", "3"].map((shards) => startApp({ ...vars, REGISTRY_SHARDS: shards }));
    const [full, shrunk] = apps as [Send, Send];
    const { token } = tokens;
    const set = (app: Send) => app(callTool("set_working_directory", { directory: "/a" }, { token }));
    const read = async (app: Send, path: string) => {
      const headers = { Host: HOST, Authorization: `Bearer ${token}` };
      return (await app(new Request(`https://${HOST}${path}`, { headers }))).text;
    };
    for (let n = 0; n < 5; n++) await set(full);
    const figure = (text: string, name: string) =>
      new RegExp(`^mcp_session_context_${name} (\\d+)$`, "m").exec(text)?.[1];
    expect(await read(shrunk, "/api/sessions/count")).toBe(await read(full, "/api/sessions/count"));
    const ids = async (app: Send) => {
      const page: { sessions: { session_id: string }[] } = JSON.parse(
        await read(app, "/api/sessions?principal=token:carol"),
      );
      return page.sessions.map((row) => row.session_id);
    };
    expect(await ids(shrunk)).toEqual(await ids(full));
    const opened = figure(await read(full, "/metrics"), "sessions_opened_total");
    expect(Number(opened)).toBeGreaterThanOrEqual(5);
    expect(figure(await read(shrunk, "/metrics"), "sessions_opened_total")).toBe(opened);
    const listed = await shrunk(callTool("list_sessions", {}, { token }));
    expect(listed.json.result?.structuredContent?.sessions).toHaveLength(5);
    for (let n = 0; n < 3; n++) expect((await set(shrunk)).json.result?.isError).toBeUndefined();
    const refused = await set(shrunk);
    expect(refused.json.result?.content?.[0]?.text).toContain("You have 8 active sessions");
    const own = await shrunk(callTool("get_session_count", {}, { token }));
    expect(own.json.result?.structuredContent).toMatchObject({ yours: 8 });
  });
});
