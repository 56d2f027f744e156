/** A session and the catalog of its principal: two objects, at most one call from one to the other. */

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ok } from "../../src/model/failure.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { PROJECT_RECHECK_MS } from "../../src/session/limits.ts";
import { evict, inSession, moveClock, newSession, ownClock, type SessionStub, setRequest } from "../support/objects.ts";
import { catalogsDown, projectOf, register, registration } from "../support/projects.ts";

ownClock();

type Rows = { record: number; alarm: number; sql: number };
const counted = new WeakMap<DurableObjectStorage, Rows>();

/** Counts the object's writes from now on: records, moves of the alarm, rows of its own catalog. */
const countRows = (session: SessionStub) =>
  inSession(session, (_, { storage }) => {
    const rows: Rows = { record: 0, alarm: 0, sql: 0 };
    const { kv, sql } = storage;
    const [put, exec, setAlarm] = [kv.put.bind(kv), sql.exec.bind(sql), storage.setAlarm.bind(storage)];
    kv.put = (key, value) => {
      rows.record++;
      put(key, value);
    };
    sql.exec = (query, ...bindings) => {
      const cursor = exec(query, ...bindings);
      rows.sql += cursor.rowsWritten;
      return cursor as never;
    };
    storage.setAlarm = async (...args) => {
      rows.alarm++;
      await setAlarm(...args);
    };
    counted.set(storage, rows);
  });

const rowsOf = (session: SessionStub) => inSession(session, (_, { storage }) => counted.get(storage));

describe("two sessions of one principal", () => {
  it("work in two projects of one catalog, and nobody else sees them", async () => {
    const [one, two, foreign] = [newSession(), newSession(), newSession()];
    await one.set("alice", setRequest("/shop/src"));
    await two.set("alice", setRequest("/blog"));
    await foreign.set("bob", setRequest("/shop/src"));
    await register(one, "alice", "/shop");
    await register(one, "alice", "/blog");
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(one)).toBe("shop");
    expect(await projectOf(two)).toBe("blog");
    expect(await projectOf(foreign, "bob")).toBeNull();
  });

  it("share the active project", async () => {
    const [one, two] = [newSession(), newSession()];
    await one.set("alice", setRequest("/a"));
    await two.set("alice", setRequest("/b"));
    await register(one, "alice", "/shop");
    await one.project("alice", null, { kind: "set_active", project: "shop" });
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(two)).toBe("shop");
  });

  it("keep the catalog when all of them have ended", async () => {
    const first = newSession();
    await first.set("alice", setRequest("/shop"));
    await register(first, "alice", "/shop");
    await first.end("alice");
    const second = newSession();
    await second.set("alice", setRequest("/shop"));
    expect(await projectOf(second)).toBe("shop");
  });
});

describe("the catalog is called", () => {
  it("once by a set, not by a burst of reads, and again after a few seconds, when a nearer config is found", async () => {
    const [session, other] = [newSession(), newSession()];
    await other.set("alice", setRequest("/elsewhere"));
    await register(other, "alice", "/home", "far");
    const ask = vi.spyOn(ProjectCatalog.prototype, "ask");
    await session.set("alice", setRequest("/home/me/shop"));
    expect(ask).toHaveBeenCalledTimes(1);
    for (let n = 0; n < 5; n++) expect(await projectOf(session)).toBe("far");
    expect(ask).toHaveBeenCalledTimes(1);
    await register(other, "alice", "/home/me", "near");
    moveClock(PROJECT_RECHECK_MS);
    ask.mockClear();
    expect(await projectOf(session)).toBe("near");
    expect(await projectOf(session)).toBe("near");
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("again for another directory, however fresh the answer for the previous one is", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/a"));
    await register(session, "alice", "/b");
    const ask = vi.spyOn(ProjectCatalog.prototype, "ask");
    expect(await projectOf(session)).toBeNull();
    expect(ask).not.toHaveBeenCalled();
    await session.set("alice", setRequest("/b"));
    expect(await projectOf(session)).toBe("b");
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it("again if nothing was found: that result is cached no longer than others", async () => {
    const [session, other] = [newSession(), newSession()];
    await session.set("alice", setRequest("/a"));
    expect(await projectOf(session)).toBeNull();
    await register(other, "alice", "/a");
    moveClock(PROJECT_RECHECK_MS - 1);
    expect(await projectOf(session)).toBeNull();
    moveClock(1);
    expect(await projectOf(session)).toBe("a");
  });

  it("by resolve_project and the catalog tools at once, and not again by a read after them", async () => {
    const [session, other] = [newSession(), newSession()];
    await session.set("alice", setRequest("/a"));
    await register(other, "alice", "/a");
    const resolved = await session.project("alice", null, null);
    expect(resolved).toMatchObject({ value: { context: { project: { current: { name: "a" } } } } });
    const ask = vi.spyOn(ProjectCatalog.prototype, "ask");
    expect(await projectOf(session)).toBe("a");
    expect(ask).not.toHaveBeenCalled();
  });

  it("never for an anonymous caller, whose session has its own", async () => {
    const ask = vi.spyOn(ProjectCatalog.prototype, "ask");
    const session = newSession();
    await session.set("anonymous", setRequest("/shop"));
    await register(session, "anonymous", "/shop");
    expect(await projectOf(session, "anonymous")).toBe("shop");
    await evict(session);
    expect(await projectOf(session, "anonymous")).toBe("shop");
    expect(ask).not.toHaveBeenCalled();
  });
});

describe("a catalog that does not answer", () => {
  it("does not prevent setting a directory; the project is unknown, not another one, until it responds", async () => {
    const other = newSession();
    await other.set("alice", setRequest("/x"));
    await register(other, "alice", "/shop");
    const broken = catalogsDown();
    const session = newSession();
    expect(await session.set("alice", setRequest("/shop"))).toMatchObject({ ok: true, value: { created: true } });
    expect(await projectOf(session)).toBe("catalog_unavailable");
    broken.mockRestore();
    expect(await projectOf(session)).toBe("shop");
  });

  it("makes the known project unknown once it is due for a refresh", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/shop"));
    await register(session, "alice", "/shop");
    const broken = catalogsDown();
    expect(await projectOf(session)).toBe("shop");
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(session)).toBe("catalog_unavailable");
    expect(await session.project("alice", "shop", null)).toMatchObject({ failure: { kind: "catalog_unavailable" } });
    broken.mockRestore();
    expect(await projectOf(session)).toBe("shop");
  });
});

describe("rows written by a set that changes nothing", () => {
  it.each(["anonymous", "alice"])("are the record and, once a minute, the deadline (%s)", async (principal) => {
    const session = newSession();
    const request = setRequest("/shop", { config: ok(registration("/shop")) });
    await session.set(principal, request);
    await evict(session);
    await countRows(session);
    await session.set(principal, request);
    expect(await rowsOf(session)).toEqual({ record: 1, alarm: 0, sql: 0 });
    moveClock(60_000);
    await session.set(principal, request);
    await session.get(principal);
    expect(await rowsOf(session)).toEqual({ record: 2, alarm: 1, sql: 0 });
    // Changes are written: the project and the catalog's version, in this object or in the principal's.
    await session.set(principal, setRequest("/shop", { config: ok(registration("/shop", "renamed")) }));
    expect(await rowsOf(session)).toEqual({ record: 3, alarm: 1, sql: principal === "alice" ? 0 : 2 });
  });
});

describe("a foreign session", () => {
  it("is unknown to every call about projects", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/shop"));
    expect(await register(session, "bob", "/shop")).toMatchObject({ ok: false, failure: { kind: "session_unknown" } });
    const list = await env.CATALOG.get(env.CATALOG.idFromName("principal:bob")).ask(
      { kind: "list", cursor: null },
      {
        explicit: null,
        workingDirectory: null,
        knownVersion: null,
        currentId: null,
      },
    );
    expect(list.outcome).toMatchObject({ value: { projects: [] } });
  });
});
