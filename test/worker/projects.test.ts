/** Projects through the whole request path, for an anonymous caller, whose sessions each have their own catalog. */
import { reset } from "cloudflare:test";
import { afterEach, describe, expect, it } from "vitest";
import { decodeSessionId } from "../../src/model/session-id.ts";
import { send, tool } from "../support/mcp.ts";
import { EMPTY, settle, storageOf, stubOf } from "../support/objects.ts";

afterEach(reset);

type Json = Record<string, unknown>;

const config = (name: string, rest: Json = {}) => ({ version: "1.0", project: { name }, ...rest });

/** Sets a directory and returns the whole answer; the first call opens the session. */
const set = async (args: Json) => (await tool("set_working_directory", args)).data;
const open = async (directory = "/") => String((await set({ directory })).session_id);
const register = (session_id: string, root: string, content: unknown) =>
  tool("register_project", { root, config: content, session_id });
const get = async (session_id: string) => (await tool("get_working_directory", { session_id })).data;

describe("set_working_directory", () => {
  it("answers like the original system if no config is known", async () => {
    expect(await set({ directory: "/home/me/x" })).toMatchObject({
      working_directory: "/home/me/x",
      config_found: false,
      config_path: null,
      project_info: null,
      switched: false,
      project: null,
      tier: "default",
    });
  });

  it("takes an inline config as object or text, uses it, registers it under the directory, and returns it", async () => {
    for (const content of [config("shop"), JSON.stringify(config("shop"))]) {
      const answer = await set({ directory: "/home/me/shop", config: content });
      const { id } = answer.project_info as { id: string };
      expect(answer).toMatchObject({
        created: true,
        config_found: true,
        config_path: "/home/me/shop/.codebase-mcp/config.json",
        project_info: { name: "shop", id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
        project: { name: "shop", id },
        tier: "session",
        switched: true,
      });
      const session_id = answer.session_id;
      const below = await set({ directory: "/home/me/shop/src/deep", session_id });
      expect(below).toMatchObject({ project_info: { name: "shop", id }, switched: false, config_found: true });
      expect(await get(String(session_id))).toMatchObject({ project: { name: "shop", id }, tier: "session" });
    }
  });

  it("registers it under the directory that config_path implies, which must be the working directory or above", async () => {
    const path = "/repo/.workflow-mcp/config.json";
    expect(await set({ directory: "/repo/a/b", config: config("repo"), config_path: path })).toMatchObject({
      config_path: path,
      project: { name: "repo" },
    });
    const elsewhere = await set({ directory: "/other", config: config("repo"), config_path: path });
    expect(elsewhere).toMatchObject({ success: true, working_directory: "/other", project_info: null, project: null });
    expect(elsewhere.project_error).toContain("does not belong to the working directory");
    const noFile = await set({ directory: "/other", config_path: path });
    expect(noFile.project_error).toContain("came without config");
  });

  it.each([
    ["a field that breaks its rule", config(""), '"project.name"'],
    ["text that is not JSON", "{", "valid JSON"],
    ["no version", { project: { name: "x" } }, '"version"'],
    [
      "more text than a config may have",
      JSON.stringify(config("x", { more: "a".repeat(250_000) })),
      "at most 65536 bytes",
    ],
    ["more in an object than a config may have", config("x", { more: "a".repeat(250_000) }), "at most 65536 bytes"],
  ])("sets the directory despite an invalid config: %s", async (_what, content, said) => {
    const answer = await set({ directory: "/home/me/bad", config: content });
    expect(answer).toMatchObject({
      success: true,
      working_directory: "/home/me/bad",
      config_found: true,
      config_path: "/home/me/bad/.codebase-mcp/config.json",
      project_info: null,
      project: null,
    });
    expect(answer.project_error).toContain(said);
    const session_id = String(answer.session_id);
    expect(await get(session_id)).toMatchObject({ working_directory: "/home/me/bad", project: null });
    const resolved = await tool("resolve_project", { session_id });
    expect(resolved.isError).toBe(true);
    expect(resolved.text).toContain(said);
    // Either the same directory with a valid config, or its registration, repairs it.
    await register(session_id, "/home/me/bad", config("good"));
    expect(await get(session_id)).toMatchObject({ project: { name: "good" }, tier: "session" });
  });

  it("does not replace an unusable config by one that is farther away", async () => {
    const session_id = await open();
    await register(session_id, "/home", config("far"));
    await set({ directory: "/home/me", config: "{", session_id });
    await register(session_id, "/elsewhere", config("x"));
    expect((await tool("resolve_project", { session_id })).isError).toBe(true);
    expect(await get(session_id)).toMatchObject({ project: null, tier: "session" });
    await register(session_id, "/home/me", config("repaired"));
    expect(await get(session_id)).toMatchObject({ project: { name: "repaired" } });
  });
});

describe("a session follows the catalog at its next access", () => {
  it("to a nearer config that was registered later", async () => {
    const session_id = await open();
    await register(session_id, "/home/me", config("far"));
    await set({ directory: "/home/me/shop/src", session_id });
    expect(await get(session_id)).toMatchObject({ project: { name: "far" } });
    await register(session_id, "/home/me/shop", config("near"));
    expect(await get(session_id)).toMatchObject({ project: { name: "near" }, tier: "session" });
  });

  it("to a changed config, and off a removed one", async () => {
    const session_id = await open("/shop");
    await register(session_id, "/shop", config("old"));
    const before = (await get(session_id)).project as { id: string };
    await register(session_id, "/shop", config("new"));
    expect(await get(session_id)).toMatchObject({ project: { name: "new", id: before.id } });
    expect((await tool("remove_project", { root: "/shop", session_id })).data).toMatchObject({
      removed: true,
      project: null,
      tier: "default",
    });
    expect((await tool("remove_project", { root: "/shop", session_id })).data).toMatchObject({ removed: false });
    expect(await get(session_id)).toMatchObject({ project: null, tier: "default" });
  });
});

describe("the switches", () => {
  it("auto_switch off: the project is reported, the session does not switch", async () => {
    const session_id = String((await set({ directory: "/a", config: config("a") })).session_id);
    expect(await set({ directory: "/b", config: config("b", { auto_switch: false }), session_id })).toMatchObject({
      config_found: true,
      project_info: { name: "b" },
      project: { name: "a" },
      tier: "session",
      switched: false,
    });
  });

  it("dry_run: a switch is reported but not made", async () => {
    const session_id = String((await set({ directory: "/a", config: config("a") })).session_id);
    expect(await set({ directory: "/b", config: config("b", { dry_run: true }), session_id })).toMatchObject({
      project_info: { name: "b" },
      project: { name: "a" },
      switched: false,
      would_switch: true,
    });
  });

  it("strict_mode: another explicit project is refused", async () => {
    const session_id = String((await set({ directory: "/a", config: config("a") })).session_id);
    await set({ directory: "/b", config: config("b", { strict_mode: true }), session_id });
    const refused = await tool("resolve_project", { project: "a", session_id });
    expect(refused.isError).toBe(true);
    expect(refused.text).toContain("strict_mode");
    expect((await tool("resolve_project", { project: "b", session_id })).data).toMatchObject({
      project: { name: "b" },
      tier: "explicit",
    });
  });
});

describe("the four tiers", () => {
  it("explicit, session, active, default, each with its reason", async () => {
    const session_id = await open("/nowhere");
    const resolve = async (project?: string) =>
      (await tool("resolve_project", { ...(project ? { project } : {}), session_id })).data;
    expect(await resolve()).toMatchObject({
      project: null,
      tier: "default",
      config_path: null,
      reason: expect.stringContaining("no project is active"),
    });
    await register(session_id, "/a", config("a"));
    await register(session_id, "/b", config("b"));
    expect((await tool("set_active_project", { project: "b", session_id })).data).toMatchObject({
      active_project: { name: "b" },
      tier: "active",
    });
    expect(await resolve()).toMatchObject({
      project: { name: "b" },
      tier: "active",
      config_path: "/b/.codebase-mcp/config.json",
    });
    await set({ directory: "/a/src", session_id });
    expect(await resolve()).toMatchObject({
      project: { name: "a" },
      tier: "session",
      config_path: "/a/.codebase-mcp/config.json",
    });
    expect(await resolve("b")).toMatchObject({ project: { name: "b" }, tier: "explicit" });
    expect((await tool("set_active_project", { project: null, session_id })).data).toMatchObject({
      active_project: null,
    });
  });

  it("never fall through from an explicit project that does not exist; near matches are listed", async () => {
    const session_id = await open("/a");
    await register(session_id, "/a", config("Shop"));
    const missing = await tool("resolve_project", { project: "shop", session_id });
    expect(missing.isError).toBe(true);
    expect(missing.text).toContain('Near matches: "Shop"');
  });
});

describe("the catalog of an anonymous caller", () => {
  it("needs a session with a context, and explains what to call", async () => {
    for (const [name, args] of [
      ["register_project", { root: "/a", config: config("a") }],
      ["list_projects", {}],
      ["remove_project", { root: "/a" }],
      ["set_active_project", { project: null }],
      ["resolve_project", {}],
    ] as const) {
      const answer = await tool(name, args);
      expect(answer.isError, name).toBe(true);
      expect(answer.text).toContain("Call set_working_directory");
    }
    const ended = await open();
    await tool("end_session", { session_id: ended });
    expect((await register(ended, "/a", config("a"))).text).toContain("has no context: nothing was set");
    expect(await storageOf(stubOf(decodeSessionId(ended) ?? ""))).toEqual(EMPTY);
  });

  it("belongs to its session", async () => {
    const [one, two] = [await open("/a"), await open("/a")];
    await register(one, "/a", config("mine"));
    expect(await get(one)).toMatchObject({ project: { name: "mine" } });
    expect(await get(two)).toMatchObject({ project: null });
    expect((await tool("list_projects", { session_id: two })).data.projects).toEqual([]);
  });

  it("ends with its context, and a new context starts without projects", async () => {
    const session_id = await open("/a");
    await register(session_id, "/a", config("mine"));
    await tool("end_session", { session_id });
    expect(await storageOf(stubOf(decodeSessionId(session_id) ?? ""))).toEqual(EMPTY);
    expect(await set({ directory: "/a", session_id })).toMatchObject({ config_found: false, project: null });
    await settle(stubOf(decodeSessionId(session_id) ?? ""), 60_000);
  });

  it("is listed by root in pages", async () => {
    const session_id = await open();
    for (const root of ["/c", "/a", "/b"]) await register(session_id, root, config(root.slice(1)));
    const { projects, next_cursor } = (await tool("list_projects", { session_id })).data;
    expect((projects as Json[]).map(({ root }) => root)).toEqual(["/a", "/b", "/c"]);
    expect(next_cursor).toBeNull();
    const wrong = await tool("list_projects", { session_id, cursor: "zzz" });
    expect(wrong.isError).toBe(true);
    expect(wrong.text).toContain('cursor "zzz" was not given by an earlier result');
  });
});

describe("the published schema", () => {
  it("has the same source as the validation", async () => {
    const response = await send("/schema/config.json", { headers: { host: "localhost" } });
    expect(response.headers.get("content-type")).toContain("json");
    expect(await response.json()).toMatchObject({
      type: "object",
      required: ["version", "project"],
      properties: { strict_mode: { default: false, type: "boolean" } },
    });
  });
});
