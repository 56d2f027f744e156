import { describe, expect, it } from "vitest";
import { CLIENT_KINDS, type ClientKind } from "../../scripts/library/mcp-clients.ts";
import { createToken } from "../../scripts/token/create-token.ts";
import { connected, ownServer, sharedServer } from "./support/servers.ts";

const url = sharedServer();

type Json = Record<string, unknown>;

const config = (name: string, rest: Json = {}) => ({ version: "1.0", project: { name }, ...rest });

/** A client of `kind` and its session, which begins in `directory`. Every call is for that session. */
async function begin(kind: ClientKind, directory = "/nowhere", server = url(), headers = {}) {
  const client = await connected(kind, server, { headers });
  const { data } = await client.call("set_working_directory", { directory });
  const call = (tool: string, args: Json = {}) => client.call(tool, { session_id: data.session_id, ...args });
  const ask = async (tool: string, args: Json = {}) => {
    const reply = await call(tool, args);
    expect(reply.isError, reply.text).toBe(false);
    return reply.data;
  };
  return {
    call,
    set: (args: Json) => ask("set_working_directory", args),
    get: () => ask("get_working_directory"),
    resolve: (project?: string) => ask("resolve_project", project === undefined ? {} : { project }),
    register: (root: string, content: unknown) => ask("register_project", { root, config: content }),
    ask,
  };
}

const refused = async (reply: Promise<{ isError: boolean; text: string }>) => {
  const { isError, text } = await reply;
  expect(isError, text).toBe(true);
  return text;
};

describe.each(CLIENT_KINDS)("with the %s client", (kind) => {
  it("two sessions work in two projects, and neither sees the other's", async () => {
    const [shop, blog] = [await begin(kind), await begin(kind)];
    await shop.set({ directory: "/home/me/shop", config: config("shop") });
    await blog.set({ directory: "/home/me/blog", config: config("blog") });
    expect(await shop.get()).toMatchObject({ project: { name: "shop" }, tier: "session" });
    expect(await blog.get()).toMatchObject({ project: { name: "blog" }, tier: "session" });
    const { projects } = await blog.ask("list_projects");
    expect((projects as Json[]).map(({ name }) => name)).toEqual(["blog"]);
    expect(await refused(blog.call("resolve_project", { project: "shop" }))).toContain('"shop" is neither the id nor');
  });

  it("the nearest config wins, also one that is registered later", async () => {
    const { register, set, get, resolve } = await begin(kind);
    await register("/home/me", config("far"));
    expect(await set({ directory: "/home/me/shop/src" })).toMatchObject({
      config_found: true,
      config_path: "/home/me/.codebase-mcp/config.json",
      project_info: { name: "far" },
    });
    await register("/home/me/shop", config("near"));
    expect(await get()).toMatchObject({ project: { name: "near" } });
    expect(await resolve()).toMatchObject({
      tier: "session",
      config_path: "/home/me/shop/.codebase-mcp/config.json",
      reason: expect.stringContaining("is the nearest config from"),
    });
  });

  it("a changed config takes effect, and the project keeps its id", async () => {
    const { register, set, get } = await begin(kind);
    const { project } = await set({ directory: "/shop", config: config("old") });
    await register("/shop", config("new"));
    expect(await get()).toMatchObject({ project: { name: "new", id: (project as Json).id } });
    expect(await set({ directory: "/shop", config: JSON.stringify(config("newest")) })).toMatchObject({
      project: { name: "newest", id: (project as Json).id },
      switched: false,
    });
  });

  it("auto_switch off reports the project but does not switch; dry_run reports what would switch; strict_mode refuses another", async () => {
    const { set, resolve, call } = await begin(kind);
    expect(await set({ directory: "/a", config: config("a") })).toMatchObject({ switched: true });
    expect(await set({ directory: "/off", config: config("off", { auto_switch: false }) })).toMatchObject({
      project_info: { name: "off" },
      project: { name: "a" },
      switched: false,
    });
    const dry = await call("set_working_directory", { directory: "/dry", config: config("dry", { dry_run: true }) });
    expect(dry.data).toMatchObject({
      project_info: { name: "dry" },
      project: { name: "a" },
      switched: false,
      would_switch: true,
    });
    expect(dry.text).toContain('names "dry" but has dry_run on, so the session stays on "a"');
    await set({ directory: "/strict", config: config("strict", { strict_mode: true }) });
    expect(await refused(call("resolve_project", { project: "a" }))).toContain('allows only "strict"');
    expect(await resolve("strict")).toMatchObject({ project: { name: "strict" }, tier: "explicit" });
  });

  it("each tier applies if the stronger ones have no result", async () => {
    const { register, set, resolve, ask, call } = await begin(kind, "/nowhere");
    expect(await resolve()).toMatchObject({ project: null, tier: "default" });
    await register("/a", config("a"));
    await register("/b", config("b"));
    await ask("set_active_project", { project: "b" });
    expect(await resolve()).toMatchObject({ project: { name: "b" }, tier: "active" });
    await set({ directory: "/a/src" });
    const { project } = await resolve();
    expect(await resolve()).toMatchObject({ project: { name: "a" }, tier: "session" });
    expect(await resolve("b")).toMatchObject({ project: { name: "b" }, tier: "explicit" });
    expect(await resolve(String((project as Json).id))).toMatchObject({ project: { name: "a" }, tier: "explicit" });
    expect(await refused(call("resolve_project", { project: "B" }))).toContain('Near matches: "b"');
  });

  it("a config given inline, as object or text, at the directory or above it, is used and registered", async () => {
    for (const content of [config("inline"), JSON.stringify(config("inline"))]) {
      const { set, ask } = await begin(kind);
      expect(
        await set({ directory: "/repo/a/b", config: content, config_path: "/repo/.workflow-mcp/config.json" }),
      ).toMatchObject({
        config_found: true,
        config_path: "/repo/.workflow-mcp/config.json",
        project_info: { name: "inline" },
        project: { name: "inline" },
        tier: "session",
        switched: true,
      });
      expect((await ask("list_projects")).projects).toMatchObject([{ root: "/repo", name: "inline" }]);
    }
  });

  it("an invalid config still sets the directory and is reported, until a usable one comes", async () => {
    const { set, get, call, register } = await begin(kind);
    const bad = await set({ directory: "/shop", config: { version: "1.0", project: {} } });
    expect(bad).toMatchObject({
      success: true,
      working_directory: "/shop",
      config_found: true,
      config_path: "/shop/.codebase-mcp/config.json",
      project_info: null,
      project: null,
      tier: "session",
      project_error: expect.stringContaining('field "project.name"'),
    });
    expect(await get()).toMatchObject({ working_directory: "/shop", project: null });
    expect(await refused(call("resolve_project"))).toContain('field "project.name"');
    await register("/", config("far"));
    expect(await get()).toMatchObject({ project: null, project_error: expect.any(String) });
    await register("/shop", config("shop"));
    const cured = await get();
    expect(cured).toMatchObject({ project: { name: "shop" } });
    expect(cured).not.toHaveProperty("project_error");
  });

  it("a catalog is listed, reduced and deleted with its session", async () => {
    const { register, ask, set } = await begin(kind, "/c");
    for (const root of ["/c", "/a", "/b"]) await register(root, config(root.slice(1)));
    await ask("set_active_project", { project: "a" });
    const list = await ask("list_projects");
    expect((list.projects as Json[]).map(({ root }) => root)).toEqual(["/a", "/b", "/c"]);
    expect(list).toMatchObject({ active_project: (list.projects as Json[])[0]?.id, next_cursor: null });
    expect(await ask("remove_project", { root: "/a" })).toMatchObject({ removed: true });
    expect(await ask("list_projects", {})).toMatchObject({ active_project: null, project: { name: "c" } });
    expect(await ask("set_active_project", { project: null })).toMatchObject({ active_project: null });
    await ask("end_session");
    expect(await set({ directory: "/c" })).toMatchObject({ created: true, config_found: false, project: null });
  });
});

it("a list of more than 100 projects comes in pages", async () => {
  const { register, ask } = await begin("modern");
  const roots = Array.from({ length: 101 }, (_, i) => `/p${String(i).padStart(3, "0")}`);
  for (const root of roots) await register(root, config("same"));
  const first = await ask("list_projects");
  const rest = await ask("list_projects", { cursor: first.next_cursor });
  expect(first.projects).toHaveLength(100);
  expect(rest).toMatchObject({ projects: [{ root: "/p100" }], next_cursor: null });
});

it("the schema with which editors complete a config is served", async () => {
  const schema = await (await fetch(`${url()}/schema/config.json`)).json();
  expect(schema).toMatchObject({ required: ["version", "project"], properties: { auto_switch: { default: true } } });
});

it("two sessions of one principal work in two projects of one catalog, and nobody else finds them", async () => {
  const alice = await createToken("alice", ["sessions"]);
  const bob = await createToken("bob", ["sessions"], alice.secret);
  const server = await ownServer({ vars: { AUTH_MODE: "token", AUTH_TOKENS: bob.secret } });
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const shop = await begin("modern", "/home/me/shop", server.url, bearer(alice.token));
  const blog = await begin("v1", "/home/me/blog", server.url, bearer(alice.token));
  const other = await begin("legacy", "/home/me/shop", server.url, bearer(bob.token));
  await shop.register("/home/me/shop", config("shop"));
  await blog.register("/home/me/blog", config("blog"));
  expect(await shop.get()).toMatchObject({ project: { name: "shop" }, tier: "session" });
  expect(await blog.get()).toMatchObject({ project: { name: "blog" }, tier: "session" });
  expect((await blog.ask("list_projects")).projects).toMatchObject([{ name: "blog" }, { name: "shop" }]);
  expect(await shop.resolve("blog")).toMatchObject({ project: { name: "blog" }, tier: "explicit" });
  expect(await other.get()).toMatchObject({ project: null, tier: "default" });

  // One session's changes are visible to the other at once in calls to the catalog, and after a few seconds in reads.
  await blog.register("/home/me/shop/api", config("api"));
  await blog.ask("set_active_project", { project: "blog" });
  expect(await shop.set({ directory: "/home/me/shop/api/src" })).toMatchObject({ project: { name: "api" } });
  await blog.register("/home/me/shop/api/src", config("src"));
  await expect.poll(() => shop.get(), { timeout: 10_000, interval: 500 }).toMatchObject({ project: { name: "src" } });
  await shop.set({ directory: "/tmp" });
  expect(await shop.get()).toMatchObject({ project: { name: "blog" }, tier: "active" });
});
