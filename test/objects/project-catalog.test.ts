import { evictDurableObject, reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it } from "vitest";
import { Catalog } from "../../src/projects/catalog.ts";
import type { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { parseProjectConfig } from "../../src/projects/project-config.ts";

afterEach(reset);

const ID = "6f1c2d3e-4b5a-4978-8a6b-5c4d3e2f1a0b";
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Runs `work` inside the object, with its catalog. */
const inside = <R>(
  stub: DurableObjectStub<ProjectCatalog>,
  work: (catalog: Catalog, state: DurableObjectState) => R | Promise<R>,
) => runInDurableObject<ProjectCatalog, R>(stub, (_, state) => work(new Catalog(state.storage), state));

/** A catalog in its own object. Every method of `Catalog` can be called; each call runs inside the object. */
function open(key = "someone") {
  const stub = env.CATALOG.get(env.CATALOG.idFromName(key));
  type Methods = { [M in keyof Catalog]: (...args: Parameters<Catalog[M]>) => Promise<ReturnType<Catalog[M]>> };
  return new Proxy({ stub } as Methods & { stub: typeof stub }, {
    get: (target, name: keyof Methods | "stub") =>
      name === "stub" || !(name in Catalog.prototype)
        ? target[name]
        : (...args: unknown[]) =>
            inside(stub, (catalog) => (catalog[name] as (...args: unknown[]) => unknown).apply(catalog, args)),
  });
}
type OpenCatalog = ReturnType<typeof open>;

function config(name: string, rest: { id?: string; [field: string]: unknown } = {}) {
  const { id, ...fields } = rest;
  const parsed = parseProjectConfig({ version: "1.0", project: { name, ...(id && { id }) }, ...fields });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.failure));
  return parsed.value;
}

async function register(catalog: OpenCatalog, root: string, name = root.slice(1), rest: { id?: string } = {}) {
  const registered = await catalog.register({ root, config: config(name, rest), configPath: null });
  if (!registered.ok) throw new Error(JSON.stringify(registered.failure));
  return registered.value;
}

const ask = { explicit: null, workingDirectory: null, knownVersion: null, currentId: null };

/** Size of the storage, and the alarm: together they show whether anything was ever written. */
const traces = ({ stub }: OpenCatalog) =>
  runInDurableObject<ProjectCatalog, unknown>(stub, async (_, { storage }) => ({
    tables: storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray(),
    keys: (await storage.list()).size,
    alarm: await storage.getAlarm(),
  }));

/** All text that the catalog stores. */
const storedBytes = ({ stub }: OpenCatalog) =>
  runInDurableObject<ProjectCatalog, number>(stub, (_, { storage }) =>
    storage.sql
      .exec<Record<string, string | number>>("SELECT * FROM project")
      .toArray()
      .flatMap((row) => Object.values(row))
      .reduce<number>(
        (sum, value) => sum + (typeof value === "string" ? new TextEncoder().encode(value).length : 0),
        0,
      ),
  );

const NOTHING = { tables: [], keys: 0, alarm: null };

describe("an empty catalog", () => {
  it("answers everything and writes nothing", async () => {
    const catalog = open();
    expect(await catalog.list(null, 10)).toEqual({ projects: [], nextCursor: null, version: 0 });
    expect(await catalog.discover("/a/b")).toEqual({ found: null, version: 0 });
    expect(await catalog.getActive()).toBeNull();
    expect(await catalog.version()).toBe(0);
    expect(await catalog.configOf("/a")).toBeNull();
    expect(await catalog.find("a")).toMatchObject({ ok: false, failure: { kind: "project_not_found", near: [] } });
    expect(await catalog.setActive("a")).toMatchObject({ ok: false });
    expect(await catalog.setActive(null)).toEqual({ ok: true, value: { active: null, version: 0 } });
    expect(await catalog.remove("/a")).toEqual({ removed: false, wasActive: false, version: 0 });
    expect(await catalog.resolve({ ...ask, explicit: "a", workingDirectory: "/a", currentId: ID })).toMatchObject({
      version: 0,
      discovered: { found: null, current: null },
      active: null,
    });
    expect(await traces(catalog)).toEqual(NOTHING);
  });
});

describe("a registered project", () => {
  it("has an id that is generated where the config has none, and kept when it is registered again", async () => {
    const catalog = open();
    const first = await register(catalog, "/shop", "shop");
    expect(first).toMatchObject({ created: true, project: { root: "/shop", name: "shop" } });
    expect(first.project.id).toMatch(UUID);
    const again = await register(catalog, "/shop", "renamed");
    expect(again).toMatchObject({ created: false, project: { id: first.project.id, name: "renamed" } });
  });

  it("takes the id of its config, in lower case, and keeps it too", async () => {
    const catalog = open();
    expect((await register(catalog, "/shop", "shop", { id: ID.toUpperCase() })).project.id).toBe(ID);
    expect((await register(catalog, "/shop", "shop")).project.id).toBe(ID);
  });

  it("is keyed by its root, however that is written", async () => {
    const catalog = open();
    await register(catalog, "C:\\Dev\\App", "app");
    expect(await register(catalog, "c:\\dev\\x\\..\\app", "app")).toMatchObject({
      created: false,
      project: { root: "c:\\dev\\app" },
    });
    expect(await register(catalog, "/Dev/App", "a")).toMatchObject({ created: true });
    expect(await register(catalog, "/dev/app", "a")).toMatchObject({ created: true });
  });

  it("has its switches, and its config path once that is known", async () => {
    const catalog = open();
    const configPath = "/shop/.workflow-mcp/config.json";
    const switches = { auto_switch: false, strict_mode: true, dry_run: true };
    await catalog.register({ root: "/shop", config: config("shop", switches), configPath });
    expect(await catalog.find("shop")).toMatchObject({
      value: { configPath, autoSwitch: false, strictMode: true, dryRun: true },
    });
    expect((await register(catalog, "/shop", "shop")).project.configPath).toBe(configPath);
    expect((await register(catalog, "/new", "new")).project.configPath).toBe("/new/.codebase-mcp/config.json");
  });

  it("keeps unknown fields of its config", async () => {
    const catalog = open();
    await catalog.register({ root: "/shop", config: config("shop", { team: { lead: "é" } }), configPath: null });
    expect(JSON.parse((await catalog.configOf("/shop")) ?? "")).toMatchObject({ team: { lead: "é" } });
  });

  it("survives the object's eviction, with version, id and active project", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/shop");
    await catalog.setActive(project.id);
    const version = await catalog.version();
    await evictDurableObject(catalog.stub);
    expect(await catalog.discover("/shop/src")).toEqual({ found: project, version });
    expect(await catalog.getActive()).toEqual(project);
  });

  it("is one of at most 1,000; the next one is refused, a change of an existing one is not", async () => {
    const catalog = open();
    await inside(catalog.stub, (object) => {
      for (let i = 0; i < 1000; i++) object.register({ root: `/p${i}`, config: config(`p${i}`), configPath: null });
    });
    const version = await catalog.version();
    expect(await catalog.register({ root: "/more", config: config("more"), configPath: null })).toEqual({
      ok: false,
      failure: {
        kind: "project_limit",
        root: "/more",
        configPath: "/more/.codebase-mcp/config.json",
        limit: 1000,
        unit: "projects",
      },
    });
    expect(await catalog.version()).toBe(version);
    expect(await register(catalog, "/p7", "seven")).toMatchObject({ created: false });
    await catalog.remove("/p8");
    expect(await register(catalog, "/more")).toMatchObject({ created: true });
  });

  it("is limited to 2 MiB in total: anything beyond is refused, new or changed", async () => {
    const catalog = open();
    const limit = 2 * 1024 * 1024;
    const padded = (bytes: number) => config("p", { padding: "x".repeat(bytes) });
    const put = (root: string, bytes: number) => catalog.register({ root, config: padded(bytes), configPath: null });
    const full = {
      kind: "project_limit",
      configPath: expect.stringContaining(".codebase-mcp/config.json"),
      limit,
      unit: "bytes",
    };
    let projects = 0;
    let last = await put("/p0", 59_000);
    while (last.ok && projects < 100) last = await put(`/p${++projects}`, 59_000);
    expect(last).toEqual({ ok: false, failure: { ...full, root: `/p${projects}` } });
    expect(projects).toBe(Math.floor(limit / 59_400));
    expect(await storedBytes(catalog)).toBeLessThanOrEqual(limit);
    expect(await storedBytes(catalog)).toBeGreaterThan(limit - 60_000);

    // Long roots count like configs, in UTF-8.
    const long = `/${"é".repeat(2000)}`;
    let roots = 0;
    while ((await put(`${long}${roots}`, 0)).ok && roots < 100) roots++;
    expect(roots).toBeLessThan(8);
    expect(await storedBytes(catalog)).toBeLessThanOrEqual(limit);

    const version = await catalog.version();
    expect(await put("/p1", 65_000)).toEqual({ ok: false, failure: { ...full, root: "/p1" } });
    expect(await catalog.version()).toBe(version);
    expect(await put("/p1", 10)).toMatchObject({ ok: true, value: { created: false } });
    expect(await put("/new", 50_000)).toMatchObject({ ok: true, value: { created: true } });
    expect(await storedBytes(catalog)).toBeLessThanOrEqual(limit);
  });
});

describe("a list of projects", () => {
  it("comes in pages, ordered by root, and continues at the same place even if that project is gone", async () => {
    const catalog = open();
    for (const root of ["/c", "/a", "/e", "/b", "/d"]) await register(catalog, root);
    const first = await catalog.list(null, 2);
    expect(first.projects.map(({ root }) => root)).toEqual(["/a", "/b"]);
    await catalog.remove("/b");
    const second = await catalog.list(first.nextCursor, 2);
    expect(second.projects.map(({ root }) => root)).toEqual(["/c", "/d"]);
    const last = await catalog.list(second.nextCursor, 2);
    expect(last).toMatchObject({ projects: [{ root: "/e" }], nextCursor: null });
  });

  it("has at most 100 on a page and at least one", async () => {
    const catalog = open();
    await inside(catalog.stub, (object) => {
      for (let i = 0; i < 101; i++) object.register({ root: `/p${i}`, config: config("p"), configPath: null });
    });
    expect((await catalog.list(null, 5000)).projects).toHaveLength(100);
    expect((await catalog.list(null, 0)).projects).toHaveLength(1);
  });
});

describe("a project is found", () => {
  it("by id in any case, or by its exact name", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/shop", "Shop", { id: ID });
    expect(await catalog.find(ID.toUpperCase())).toEqual({ ok: true, value: project });
    expect(await catalog.find("Shop")).toEqual({ ok: true, value: project });
  });

  it("not by a name in another case: names are case-sensitive, and near matches are listed", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/shop", "Shop");
    expect(await catalog.find("shop")).toEqual({
      ok: false,
      failure: { kind: "project_not_found", project: "shop", near: [{ id: project.id, name: "Shop" }] },
    });
  });

  it("not by an ambiguous name: the failure lists all matches", async () => {
    const catalog = open();
    const one = await register(catalog, "/one", "shop");
    const two = await register(catalog, "/two", "shop");
    expect(await catalog.find("shop")).toEqual({
      ok: false,
      failure: {
        kind: "project_ambiguous",
        name: "shop",
        count: 2,
        matches: [
          { id: one.project.id, root: "/one" },
          { id: two.project.id, root: "/two" },
        ],
      },
    });
  });

  it("once, though it has several roots", async () => {
    const catalog = open();
    await register(catalog, "/b", "shop", { id: ID });
    await register(catalog, "/a", "shop", { id: ID });
    expect(await catalog.find("shop")).toMatchObject({ ok: true, value: { root: "/a" } });
    expect(await catalog.find(ID)).toMatchObject({ ok: true, value: { root: "/a" } });
  });
});

describe("discovery in a catalog", () => {
  it("takes one query for the whole walk of 20 directories", async () => {
    const catalog = open();
    await register(catalog, "/far", "far");
    const deep = `/far${"/d".repeat(19)}`;
    const { queries, found } = await inside(catalog.stub, (object, { storage }) => {
      const queries: string[] = [];
      const exec = storage.sql.exec.bind(storage.sql);
      const spy = ((query: string, ...bindings: unknown[]) => {
        if (query.includes("FROM project")) queries.push(query);
        return exec(query, ...bindings);
      }) as typeof exec;
      Object.defineProperty(storage.sql, "exec", { value: spy, configurable: true });
      try {
        return { found: object.discover(deep).found, queries };
      } finally {
        Reflect.deleteProperty(storage.sql, "exec");
      }
    });
    expect(found).toMatchObject({ name: "far" });
    expect(queries).toHaveLength(1);
    expect(await catalog.discover(`${deep}/d`)).toMatchObject({ found: null });
  });

  it("finds a nearer project that was registered later", async () => {
    const catalog = open();
    await register(catalog, "/a", "far");
    expect(await catalog.discover("/a/b/c")).toMatchObject({ found: { name: "far" } });
    await register(catalog, "/a/b", "near");
    expect(await catalog.discover("/a/b/c")).toMatchObject({ found: { name: "near" } });
    await catalog.remove("/a/b");
    expect(await catalog.discover("/a/b/c")).toMatchObject({ found: { name: "far" } });
  });

  it("does not search another principal's catalog", async () => {
    await register(open("one"), "/a");
    expect(await open("two").discover("/a")).toEqual({ found: null, version: 0 });
  });
});

describe("the version of a catalog", () => {
  it("changes with every change, and only then", async () => {
    const catalog = open();
    const versions: number[] = [];
    const note = async () => versions.push(await catalog.version());
    await register(catalog, "/a");
    await note();
    await register(catalog, "/a", "renamed");
    await note();
    await register(catalog, "/b");
    await note();
    await catalog.setActive("b");
    await note();
    await catalog.remove("/b");
    await note();
    expect(new Set(versions).size).toBe(versions.length);
    const last = await catalog.version();
    await register(catalog, "/a", "renamed");
    await catalog.setActive(null);
    await catalog.remove("/b");
    expect(await catalog.version()).toBe(last);
  });

  it("never repeats: not after everything was removed, nor after the object has begun anew", async () => {
    const catalog = open();
    const seen = new Set<number>();
    for (let life = 0; life < 5; life++) {
      for (let change = 0; change < 3; change++) {
        seen.add((await register(catalog, "/a", `${change}`)).version);
        seen.add((await catalog.remove("/a")).version);
      }
      await catalog.clear();
      await inside(catalog.stub, (_, { storage }) => storage.deleteAll());
    }
    expect(seen.size).toBe(30);
    expect([...seen].every((version) => Number.isSafeInteger(version) && version > 0)).toBe(true);
  });
});

describe("the active project", () => {
  it("is set by id or name, and by null to none", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/shop");
    expect(await catalog.setActive("shop")).toMatchObject({ ok: true, value: { active: project } });
    expect(await catalog.setActive(project.id)).toMatchObject({ ok: true, value: { active: project } });
    expect(await catalog.getActive()).toEqual(project);
    expect(await catalog.setActive(null)).toMatchObject({ ok: true, value: { active: null } });
    expect(await catalog.getActive()).toBeNull();
  });

  it("stays the same if a nonexistent one is requested", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/shop");
    await catalog.setActive("shop");
    expect(await catalog.setActive("other")).toMatchObject({ ok: false, failure: { kind: "project_not_found" } });
    expect(await catalog.getActive()).toEqual(project);
  });

  it("follows a change of its config, and is none once it is removed", async () => {
    const catalog = open();
    await register(catalog, "/shop");
    await catalog.setActive("shop");
    await register(catalog, "/shop", "renamed", { id: ID });
    expect(await catalog.getActive()).toMatchObject({ id: ID, name: "renamed" });
    expect(await catalog.remove("/shop")).toMatchObject({ removed: true, wasActive: true });
    expect(await catalog.getActive()).toBeNull();
  });
});

describe("one round trip for a resolution", () => {
  it("returns the named project, the discovered one, the session's, the active one, and the version", async () => {
    const catalog = open();
    const a = await register(catalog, "/a", "a");
    const b = await register(catalog, "/b", "b");
    const { version } = await register(catalog, "/c", "c");
    await catalog.setActive("b");
    const question = { explicit: "c", workingDirectory: "/a/src", knownVersion: version, currentId: b.project.id };
    expect(await catalog.resolve(question)).toMatchObject({
      version: version + 1,
      explicit: { ok: true, value: { name: "c" } },
      discovered: { found: a.project, current: { id: b.project.id, name: "b" } },
      active: b.project,
    });
  });

  it("skips discovery if the caller already knows the result, and only then", async () => {
    const catalog = open();
    const { version } = await register(catalog, "/a", "a");
    const question = { ...ask, workingDirectory: "/a", knownVersion: version };
    expect(await catalog.resolve(question)).toMatchObject({ discovered: null });
    expect(await catalog.resolve({ ...question, workingDirectory: null, knownVersion: null })).toMatchObject({
      discovered: null,
    });
    await catalog.remove("/a");
    expect(await catalog.resolve(question)).toMatchObject({ discovered: { found: null } });
  });

  it("reports that the session's project is gone", async () => {
    const catalog = open();
    const { project } = await register(catalog, "/a", "a");
    await catalog.remove("/a");
    const answer = await catalog.resolve({ ...ask, workingDirectory: "/b", currentId: project.id });
    expect(answer.discovered).toEqual({ found: null, current: null });
  });
});

describe("a catalog that ends with its session", () => {
  it("deletes every project and the active one, and can begin anew", async () => {
    const catalog = open();
    await catalog.clear();
    expect(await traces(catalog)).toEqual(NOTHING);
    await register(catalog, "/a");
    await catalog.setActive("a");
    await catalog.clear();
    expect(await catalog.list(null, 10)).toMatchObject({ projects: [], nextCursor: null });
    expect(await catalog.getActive()).toBeNull();
    expect(await register(catalog, "/a")).toMatchObject({ created: true });
  });
});
