import { describe, expect, it } from "vitest";
import { CLIENT_KINDS, CLIENT_LABELS } from "../../scripts/library/mcp-clients.ts";
import { connected, sharedServer } from "./support/servers.ts";

const url = sharedServer();

describe.each(CLIENT_KINDS)("the %s client", (kind) => {
  it(`speaks ${CLIENT_LABELS[kind]}, gets instructions for the tools, and finds them`, async () => {
    const client = await connected(kind, url());
    expect(CLIENT_LABELS[kind]).toContain(client.protocolVersion);
    expect(client.sessionId() !== undefined).toBe(kind !== "modern");
    expect(client.instructions).toContain("set_working_directory");
    expect(await client.listTools()).toEqual(
      expect.arrayContaining([
        "set_working_directory",
        "get_working_directory",
        "get_session_context",
        "get_session_count",
        "end_session",
      ]),
    );
  });

  it("sets a directory, reads it and its record back, changes it, and ends its context", async () => {
    const client = await connected(kind, url());
    const begun = await client.call("set_working_directory", { directory: "/home/me//one/./" });
    expect(begun.data).toMatchObject({ success: true, created: true, working_directory: "/home/me/one" });
    // The legacy client sends its session in a header; the modern one passes it with each call.
    const session = kind === "modern" ? { session_id: begun.data.session_id } : {};
    expect(begun.data.session_id).toBe(client.sessionId() ?? begun.data.session_id);

    const got = await client.call("get_working_directory", session);
    expect(got.data).toMatchObject({ session_id: begun.data.session_id, working_directory: "/home/me/one" });
    expect(got.text).toContain("/home/me/one");

    const changed = await client.call("set_working_directory", { directory: "/home/me/two", ...session });
    expect(changed.data).toMatchObject({ created: false, session_id: begun.data.session_id });

    const { data } = await client.call("get_session_context", session);
    expect(data).toMatchObject({
      session_id: begun.data.session_id,
      working_directory: "/home/me/two",
      config_path: null,
      project_id: null,
    });
    expect(data.client).toContain(kind === "modern" ? "demo-modern" : "node");
    const [setAt, lastUsed, expiresAt] = [data.set_at, data.last_used, data.expires_at].map((t) =>
      Date.parse(String(t)),
    );
    expect(Math.abs(Date.now() - Number(setAt))).toBeLessThan(60_000);
    expect(Math.abs(Date.now() - Number(lastUsed))).toBeLessThan(120_000);
    const dayMs = 24 * 60 * 60 * 1000;
    expect(Number(expiresAt) - Number(setAt)).toBeGreaterThanOrEqual(dayMs);
    expect(Number(expiresAt) - Date.now()).toBeLessThanOrEqual(dayMs + 60_000);

    expect((await client.call("end_session", session)).data.ended).toBe(true);
    expect((await client.call("end_session", session)).data.ended).toBe(false);
    expect((await client.call("get_working_directory", session)).data.working_directory).toBeNull();
    const anew = await client.call("set_working_directory", { directory: "/home/me/three", ...session });
    expect(anew.data).toMatchObject({ created: true, session_id: begun.data.session_id });
  });

  it("gets null and a hint, not an error, if nothing was set", async () => {
    const client = await connected(kind, url());
    for (const tool of ["get_working_directory", "get_session_context"]) {
      const { isError, data } = await client.call(tool);
      expect(isError).toBe(false);
      expect(data).toMatchObject({ working_directory: null, expires_at: null });
      expect(data.hint).toContain("Call set_working_directory");
    }
    expect((await client.call("end_session")).data.ended).toBe(false);
  });

  it("is told what is wrong with a path or an id, with the value", async () => {
    const client = await connected(kind, url());
    const relative = await client.call("set_working_directory", { directory: "src/app" });
    expect(relative).toMatchObject({
      isError: true,
      text: expect.stringContaining('"src/app" is not an absolute path'),
    });
    const madeUp = `sess_${"A".repeat(43)}`;
    const unknown = await client.call("get_working_directory", { session_id: madeUp });
    expect(unknown).toMatchObject({ isError: true, text: expect.stringContaining(`"${madeUp}" is not a session`) });
    expect(unknown.text).toContain("set_working_directory without session_id");
  });
});
