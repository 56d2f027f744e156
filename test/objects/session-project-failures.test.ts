/** What a session reports about its project if a catalog does not respond or a config cannot be used. */
import { describe, expect, it, vi } from "vitest";
import { fail, ok } from "../../src/model/failure.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import { CATALOG_CALL_TIMEOUT_MS } from "../../src/projects/limits.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { PROJECT_RECHECK_MS } from "../../src/session/limits.ts";
import { beginRequest, contextOf, moveClock, newSession, ownClock, setRequest } from "../support/objects.ts";
import { aliceIn, catalogsDown, projectOf, register, registration } from "../support/projects.ts";

ownClock();

describe("a context without a directory", () => {
  const begin = beginRequest();

  it.each([ANONYMOUS, "alice"])("is on the active project, which it follows (%s)", async (principal) => {
    const session = newSession();
    await session.state(principal, { kind: "set", key: "k", text: "1" }, begin);
    await register(session, principal, "/a");
    expect(await projectOf(session, principal)).toBeNull();
    await session.project(principal, null, { kind: "set_active", project: "a" });
    expect(await projectOf(session, principal)).toBe("a");
    await session.project(principal, null, { kind: "remove", root: "/a" });
    expect(await projectOf(session, principal)).toBeNull();
  });

  it("is on an unknown project, not on none, while the catalog does not answer", async () => {
    const session = newSession();
    await session.state("alice", { kind: "set", key: "k", text: "1" }, begin);
    catalogsDown();
    expect(await projectOf(session)).toBe("catalog_unavailable");
  });
});

describe("a catalog that does not answer", () => {
  it("to a set with a config: the config is not replaced by another project, until it is sent again", async () => {
    const { session } = await aliceIn("/x", "/x");
    await session.project("alice", null, { kind: "set_active", project: "x" });
    const down = catalogsDown();
    const request = setRequest("/a", { config: ok(registration("/a")) });
    expect(await session.set("alice", request)).toMatchObject({ ok: true });
    expect(await projectOf(session)).toBe("config_unregistered");
    down.mockRestore();
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(session)).toBe("config_unregistered");
    await session.set("alice", request);
    expect(await projectOf(session)).toBe("a");
  });

  it("to a call without a context is a failure, not tier default", async () => {
    const { session } = await aliceIn("/x", "/x");
    await session.project("alice", null, { kind: "set_active", project: "x" });
    catalogsDown();
    expect(await newSession().project("alice", null, null)).toEqual(fail({ kind: "catalog_unavailable" }));
  });

  it("makes the session report no project and no config, not even from its record", async () => {
    const { session } = await aliceIn("/a", "/a");
    catalogsDown();
    moveClock(PROJECT_RECHECK_MS);
    expect((await contextOf(session, "alice"))?.project).toMatchObject({ found: null, current: null, version: null });
  });

  it("for longer than anybody waits counts as unavailable", async () => {
    const { session } = await aliceIn("/a", "/a");
    const original = ProjectCatalog.prototype.ask;
    vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementationOnce(async function (
      this: ProjectCatalog,
      ...args: Parameters<ProjectCatalog["ask"]>
    ) {
      await scheduler.wait(CATALOG_CALL_TIMEOUT_MS + 500);
      return original.apply(this, args);
    } as never);
    expect(await session.set("alice", setRequest("/a/b"))).toMatchObject({
      ok: true,
      value: { context: { workingDirectory: "/a/b", project: { version: null } } },
    });
    expect(await projectOf(session)).toBe("a");
  });
});

describe("a config that cannot be used", () => {
  const bad = fail({ kind: "config_missing", path: "/home/me/.codebase-mcp/config.json" } as const);

  it.each([ANONYMOUS, "alice"])("is not cured by one that is registered farther away (%s)", async (principal) => {
    const session = newSession();
    await session.set(principal, setRequest("/home/me/src", { config: bad }));
    await register(session, principal, "/home", "far");
    expect(await projectOf(session, principal)).toBe("config_missing");
    await register(session, principal, "/home/me", "repaired");
    expect(await projectOf(session, principal)).toBe("repaired");
  });

  it("is cured by one that is nearer than it", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/home/me/src", { config: bad }));
    await register(session, "alice", "/home/me/src", "nearer");
    expect(await projectOf(session)).toBe("nearer");
  });

  it("is not cured by a change that another session makes, but by the next set", async () => {
    const [session, other] = [newSession(), newSession()];
    await session.set("alice", setRequest("/home/me", { config: bad }));
    await register(other, "alice", "/home/me", "repaired");
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(session)).toBe("config_missing");
    await session.set("alice", setRequest("/home/me"));
    expect(await projectOf(session)).toBe("repaired");
  });
});
