/** Events in a session while its principal's catalog is called, and the effects of refused calls. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ok } from "../../src/model/failure.ts";
import { ANONYMOUS } from "../../src/model/principal.ts";
import type { CatalogQuestion } from "../../src/projects/catalog-requests.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { PROJECT_RECHECK_MS } from "../../src/session/limits.ts";
import {
  contextOf,
  inSession,
  moveClock,
  newSession,
  ownClock,
  type SessionStub,
  setRequest,
  storageOf,
  stubOf,
} from "../support/objects.ts";
import { aliceIn, beforeNextAnswer, projectOf, register, registration } from "../support/projects.ts";

ownClock();

const NOTHING: CatalogQuestion = { explicit: null, workingDirectory: null, knownVersion: null, currentId: null };

const rootsOf = async (principal: string) => {
  const catalog = env.CATALOG.get(env.CATALOG.idFromName(`principal:${principal}`));
  const { outcome } = await catalog.ask({ kind: "list", cursor: null }, NOTHING);
  return outcome?.ok && outcome.value.kind === "list" ? outcome.value.projects.map(({ root }) => root) : null;
};

/** Runs `meanwhile` before the next registration of a context is confirmed. */
function whileRegistering(meanwhile: () => Promise<unknown>): void {
  const original = SessionRegistry.prototype.register;
  vi.spyOn(SessionRegistry.prototype, "register").mockImplementationOnce(function (this: SessionRegistry, ...args) {
    const answer = original.apply(this, args);
    return meanwhile().then(() => answer) as never;
  });
}

describe("a set while the catalog is called", () => {
  it("by a get: the get answers with the new directory and its project", async () => {
    const { session, id } = await aliceIn("/a", "/a", "/b");
    moveClock(PROJECT_RECHECK_MS);
    beforeNextAnswer(async () => {
      moveClock(1);
      await stubOf(id).set("alice", setRequest("/b"));
    });
    expect(await contextOf(session, "alice")).toMatchObject({
      workingDirectory: "/b",
      project: { current: { name: "b" } },
    });
    expect(await projectOf(session)).toBe("b");
  });

  it("by a registration: the answer reflects the session's state at that time", async () => {
    const { session, id } = await aliceIn("/a");
    beforeNextAnswer(async () => {
      moveClock(1);
      await stubOf(id).set("alice", setRequest("/a/b"));
    });
    const reply = await register(session, "alice", "/a");
    expect(reply).toMatchObject({ ok: true, value: { context: { workingDirectory: "/a/b" } } });
    expect(await projectOf(session)).toBe("a");
  });

  it("in the same millisecond: the answer for the old directory does not report the project of the new one", async () => {
    const { session, id } = await aliceIn("/a", "/a");
    await register(newSession(), "alice", "/c");
    beforeNextAnswer(() => stubOf(id).set("alice", setRequest("/elsewhere")));
    await session.project("alice", null, null);
    expect(await projectOf(session)).toBeNull();
  });

  it("by another set: auto_switch off leaves the session on its project at that time", async () => {
    const { session, id } = await aliceIn("/a", "/a", "/b");
    await register(session, "alice", "/c", "c", { auto_switch: false });
    beforeNextAnswer(() => stubOf(id).set("alice", setRequest("/b")));
    await session.set("alice", setRequest("/c"));
    expect((await contextOf(session, "alice"))?.workingDirectory).toBe("/c");
    expect(await projectOf(session)).toBe("b");
  });

  it("which then fails: the project is unknown until the next access, not absent", async () => {
    const { session, id } = await aliceIn("/a", "/a");
    moveClock(PROJECT_RECHECK_MS);
    beforeNextAnswer(async () => {
      vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementationOnce(() => {
        throw new Error("catalog is down");
      });
      await stubOf(id).set("alice", setRequest("/a"));
    });
    await session.get("alice");
    expect(await projectOf(session)).toBe("a");
  });
});

describe("an end while a set asks the catalog", () => {
  it("leaves nothing of the old context in the new one", async () => {
    const { session, id } = await aliceIn("/a", "/a");
    await register(session, "alice", "/c", "c", { auto_switch: false });
    beforeNextAnswer(() => stubOf(id).end("alice"));
    expect(await session.set("alice", setRequest("/c"))).toMatchObject({ ok: true, value: { created: true } });
    expect(await projectOf(session)).toBeNull();
  });
});

describe("answers that arrive out of order", () => {
  it("do not revert what a later answer has reported", async () => {
    const { session, id } = await aliceIn("/home/me", "/home");
    moveClock(PROJECT_RECHECK_MS);
    beforeNextAnswer(() => register(stubOf(id), "alice", "/home/me", "near"));
    await session.get("alice");
    expect(await projectOf(session)).toBe("near");
  });

  it("do not let a set rely on stale data", async () => {
    const { session, id } = await aliceIn("/home", "/home");
    beforeNextAnswer(() => register(stubOf(id), "alice", "/home/me", "near"));
    await session.set("alice", setRequest("/home/me"));
    expect(await projectOf(session)).toBe("near");
  });
});

describe("an end while a set registers its context", () => {
  it.each([ANONYMOUS, "alice"])("does not lose the config that the set brings (%s)", async (principal) => {
    const session = newSession();
    const id = session.id.toString();
    whileRegistering(() => stubOf(id).end(principal));
    const set = await session.set(principal, setRequest("/a", { config: ok(registration("/a")) }));
    expect(set).toMatchObject({ ok: true, value: { created: true, switched: true } });
    expect(await projectOf(session, principal)).toBe("a");
  });
});

describe("a set that is refused", () => {
  it("for the quota leaves its config out of the catalog", async () => {
    await newSession().set("alice", setRequest("/x", { maxSessions: 1 }));
    const refused = await newSession().set(
      "alice",
      setRequest("/a", { maxSessions: 1, config: ok(registration("/a")) }),
    );
    expect(refused).toMatchObject({ ok: false, failure: { kind: "quota_exceeded" } });
    expect(await rootsOf("alice")).toEqual([]);
  });

  it("because DELETE came in between leaves no projects next to the tombstone", async () => {
    const session = newSession();
    const id = session.id.toString();
    whileRegistering(() => stubOf(id).delete(ANONYMOUS));
    const set = await session.set(ANONYMOUS, setRequest("/a", { config: ok(registration("/a")) }), undefined, true);
    expect(set).toMatchObject({ ok: false, failure: { kind: "session_deleted" } });
    expect(await projectRows(session)).toEqual([]);
  });
});

const projectRows = (session: SessionStub) =>
  inSession(session, (_, { storage }) => storage.sql.exec("SELECT root FROM project").toArray());

describe("DELETE", () => {
  it("deletes the projects and the state of an anonymous session at once, not with its tombstone", async () => {
    const session = newSession();
    await session.set(ANONYMOUS, setRequest("/a", { config: ok(registration("/a")) }));
    await session.state(ANONYMOUS, { kind: "set", key: "k", text: "1" }, null);
    // Its row cannot be removed yet, which may take minutes.
    vi.spyOn(SessionRegistry.prototype, "unregister").mockImplementationOnce(() => {
      throw new Error("shard refuses");
    });
    await session.delete(ANONYMOUS);
    expect((await storageOf(session)).kv).toBe(1);
    expect(await projectRows(session)).toEqual([]);
  });
});
