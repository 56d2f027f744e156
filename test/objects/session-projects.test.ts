/** A session and the catalog of its principal: two objects, one call from one to the other at most. */

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PROJECT_RECHECK_MS } from "../../src/constants.ts";
import { ProjectCatalog } from "../../src/projects/project-catalog.ts";
import { parseProjectConfig } from "../../src/projects/project-config.ts";
import { resolveFor } from "../../src/session/session-project.ts";
import { evict, moveClock, newSession, type SessionStub, setRequest } from "../support/objects.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.now() });
});
afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

function registration(root: string, name: string) {
  const config = parseProjectConfig({ version: "1.0", project: { name } });
  if (!config.ok) throw new Error(config.failure.rule);
  return { root, configPath: null, config: config.value };
}

const register = (session: SessionStub, principal: string, root: string, name = root.slice(1)) =>
  session.project(principal, null, { kind: "register", registration: registration(root, name) });

async function projectOf(session: SessionStub, principal = "alice") {
  const got = await session.get(principal);
  if (!got.ok || got.value === null) throw new Error("no context");
  const resolved = resolveFor(got.value);
  return resolved.ok ? (resolved.value.project?.name ?? null) : resolved.failure.kind;
}

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

describe("the catalog is asked", () => {
  it("once by a set, not again by a burst of reads, and again after a few seconds, when a nearer config is found", async () => {
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
  const down = () =>
    vi.spyOn(ProjectCatalog.prototype, "ask").mockImplementation(() => {
      throw new Error("catalog is down");
    });

  it("does not keep a directory from being set; the project is unknown, not another, until it answers", async () => {
    const other = newSession();
    await other.set("alice", setRequest("/x"));
    await register(other, "alice", "/shop");
    const broken = down();
    const session = newSession();
    expect(await session.set("alice", setRequest("/shop"))).toMatchObject({ ok: true, value: { created: true } });
    expect(await projectOf(session)).toBe("catalog_unavailable");
    broken.mockRestore();
    expect(await projectOf(session)).toBe("shop");
  });

  it("makes what the session knew unknown, once it would have to be asked", async () => {
    const session = newSession();
    await session.set("alice", setRequest("/shop"));
    await register(session, "alice", "/shop");
    const broken = down();
    expect(await projectOf(session)).toBe("shop");
    moveClock(PROJECT_RECHECK_MS);
    expect(await projectOf(session)).toBe("catalog_unavailable");
    expect(await session.project("alice", "shop", null)).toMatchObject({ failure: { kind: "catalog_unavailable" } });
    broken.mockRestore();
    expect(await projectOf(session)).toBe("shop");
  });
});

describe("a foreign session", () => {
  it("is unknown to every question about projects", async () => {
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
