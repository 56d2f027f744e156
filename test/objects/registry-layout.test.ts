/** `REGISTRY_SHARDS` can change at any time: contexts registered under another value are still counted, listed and held to the quota. */
import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ANONYMOUS, servicePrincipal } from "../../src/model/principal.ts";
import { RegistryClient } from "../../src/registry/registry-client.ts";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { shardOf } from "../../src/registry/shard-of.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { entry, moveClock, newSession, ownClock, registryShard, setRequest } from "../support/objects.ts";
import { shardDown } from "../support/shard-down.ts";

ownClock();

/** The registry as seen by a newly started isolate: a separate client object simulates separate memory. */
function freshRegistry(registryShards: number): RegistryClient {
  const namespace = {
    idFromName: (name: string) => env.REGISTRY.idFromName(name),
    get: (id: DurableObjectId, options?: DurableObjectNamespaceGetDurableObjectOptions) =>
      env.REGISTRY.get(id, options),
  };
  return new RegistryClient(namespace as typeof env.REGISTRY, { ...parseConfig(env), registryShards });
}

const countOf = async (registry: RegistryClient, principal = ANONYMOUS) => {
  const count = await registry.count(principal);
  return count.ok ? count.value : count.failure;
};

const listOf = async (registry: RegistryClient, principal: string, limit = 1000) => {
  const list = await registry.list(principal, null, limit);
  if (!list.ok) throw new Error(`no answer from shards ${list.failure.shards}`);
  return list.value.map(({ sessionId }) => sessionId);
};

/** Records which shards are called for which method while `work` runs. */
async function askedDuring(method: "list" | "count" | "usage" | "layout" | "announce", work: () => Promise<unknown>) {
  const original = SessionRegistry.prototype[method] as (...args: unknown[]) => unknown;
  const asked: string[] = [];
  vi.spyOn(SessionRegistry.prototype, method).mockImplementation(function (this: SessionRegistry, ...args: unknown[]) {
    asked.push(String((this as unknown as { ctx: DurableObjectState }).ctx.id));
    return original.apply(this, args) as never;
  });
  await work();
  vi.mocked(SessionRegistry.prototype[method]).mockRestore();
  return Array.from({ length: 256 }, (_, shard) => shard).filter((shard) =>
    asked.includes(String(registryShard(shard).id)),
  );
}

/** Known principals with contexts, each registered as by a deployment with this many shards. */
async function openFor(size: number, principals: readonly string[], each: number, from = 0): Promise<void> {
  const registry = freshRegistry(size);
  for (const principal of principals) {
    for (let n = from; n < from + each; n++) {
      const answer = await registry.register(
        shardOf(principal, null, size),
        { ...entry(`${principal}-${n}`, 1000 + n, principal) },
        0,
      );
      expect(answer).toMatchObject({ ok: true, value: { outcome: "registered" } });
    }
  }
}

const PEOPLE = ["alice", "bob", "carol", "dave", "erin", "frank"];

describe("a registry whose number of shards changes", () => {
  it.each([
    [16, 3],
    [3, 16],
    [16, 1],
  ])("from %i to %i counts, adds up and lists everything", async (before, after) => {
    await openFor(before, PEOPLE, 10);
    for (let n = 0; n < 60; n++) await freshRegistry(before).register(n % before, entry(`a${n}`, 2000 + n), 0);
    const changed = freshRegistry(after);
    expect(await countOf(changed, "alice")).toMatchObject({ total: 120, yours: 10, byRegion: { unknown: 120 } });
    const { answers, missing } = await freshRegistry(after).report();
    expect(missing).toEqual([]);
    expect(answers.reduce((sum, { tally }) => sum + tally.opened, 0)).toBe(120);
    for (const principal of PEOPLE) expect(await listOf(freshRegistry(after), principal)).toHaveLength(10);
    expect((await freshRegistry(after).listAll(null, null, 1000)).entries).toHaveLength(120);
    expect((await freshRegistry(after).listAll(ANONYMOUS, null, 1000)).entries).toHaveLength(60);
  });

  it("still has everything after another change and after changing back", async () => {
    await openFor(16, PEOPLE, 2);
    await openFor(3, PEOPLE, 2, 10);
    await openFor(5, PEOPLE, 2, 20);
    await openFor(16, PEOPLE, 2, 30);
    for (const size of [3, 5, 16, 7]) {
      expect(await countOf(freshRegistry(size), "bob")).toMatchObject({ total: 48, yours: 8 });
      expect(await listOf(freshRegistry(size), "bob")).toHaveLength(8);
      expect(await freshRegistry(size).countOf("bob")).toEqual({ ok: true, value: 8 });
    }
  });

  it("holds a known principal to one quota over all shards that can hold its contexts, and returns the oldest of them", async () => {
    const principal = PEOPLE.find((name) => shardOf(name, null, 16) !== shardOf(name, null, 3)) ?? "";
    await openFor(16, [principal], 4);
    const registry = freshRegistry(3);
    const home = shardOf(principal, null, 3);
    for (let n = 0; n < 2; n++) {
      const answer = await registry.register(home, entry(`new-${n}`, 5000 + n, principal), 6);
      expect(answer).toMatchObject({ ok: true, value: { outcome: "registered" } });
    }
    const refused = await registry.register(home, entry("one-too-many", 6000, principal), 6);
    expect(refused).toMatchObject({
      ok: true,
      value: { outcome: "refused", oldest: [0, 1, 2].map((n) => ({ sessionId: `${principal}-${n}` })) },
    });
    await registry.unregister(shardOf(principal, null, 16), entry(`${principal}-0`), "ended");
    expect(await registry.register(home, entry("one-too-many", 6000, principal), 6)).toMatchObject({
      value: { outcome: "registered" },
    });
  });

  it("refuses a known principal whose quota is used up in other shards; the remaining 0 does not mean unlimited", async () => {
    const principal = PEOPLE.find((name) => shardOf(name, null, 16) !== shardOf(name, null, 3)) ?? "";
    await openFor(16, [principal], 2);
    const refused = await freshRegistry(3).register(shardOf(principal, null, 3), entry("n", 9000, principal), 2);
    expect(refused).toMatchObject({ value: { outcome: "refused", oldest: [{}, {}] } });
  });

  it("registers nothing that a smaller registry would not find: shard 0 must store the layout first", async () => {
    shardDown(0);
    const registry = freshRegistry(16);
    expect(await registry.register(7, entry("a"), 0)).toEqual({
      ok: false,
      failure: { kind: "registry_unavailable", shards: [0] },
    });
    expect(await registry.addOperations(7, [])).toMatchObject({ ok: false });
    vi.restoreAllMocks();
    expect(await countOf(freshRegistry(16))).toMatchObject({ total: 0 });
    expect(await registry.register(7, entry("a"), 0)).toMatchObject({ ok: true });
    expect(await countOf(freshRegistry(3))).toMatchObject({ total: 1 });
  });

  it("finds a context in a shard outside the layout, begun while the registry was unreachable", async () => {
    const shard = (shardOf("alice", null, 3) + 1) % 3;
    await freshRegistry(3).register(shard, entry("a", 1000, "alice"), 0);
    await freshRegistry(3).register(11, entry("b", 2000), 0);
    expect(await listOf(freshRegistry(3), "alice")).toEqual(["a"]);
    expect(await countOf(freshRegistry(3), "alice")).toMatchObject({ total: 2, yours: 1 });
    const asked = await askedDuring("list", () => freshRegistry(3).listAll(null, null, 10));
    expect(asked).toEqual([0, 1, 2, 11]);
  });

  it("does not count a context as stray if another isolate has announced its layout", async () => {
    const principal = PEOPLE.find((name) => shardOf(name, null, 16) > 3) ?? "";
    await openFor(16, [principal], 1);
    await freshRegistry(3).register(shardOf(principal, null, 16), entry("late", 5000, principal), 0);
    expect(await registryShard(0).layout()).toEqual({ sizes: [3, 16], strays: [] });
  });

  it("costs one call per isolate, and none for later registrations", async () => {
    const [registry, home] = [freshRegistry(16), shardOf("alice", null, 16)];
    expect(await askedDuring("announce", () => registry.register(3, entry("a"), 0))).toEqual([0]);
    expect(await askedDuring("announce", () => registry.register(4, entry("b"), 0))).toEqual([]);
    expect(await askedDuring("usage", () => registry.register(home, entry("c", 1000, "alice"), 10))).toEqual([]);
  });
});

describe("a registration that has to wait for shard 0", () => {
  it("is not overtaken by the end of the same context", async () => {
    const registry = freshRegistry(16);
    const registering = registry.register(5, entry("a"), 0);
    const ending = registry.unregister(5, entry("a"), "ended");
    // If overtaken, it would be answered as removed, and the tally would have neither beginning nor end.
    expect(await registering).toMatchObject({ ok: true, value: { outcome: "registered" } });
    expect(await ending).toMatchObject({ ok: true });
    expect(await countOf(freshRegistry(16))).toMatchObject({ total: 0 });
  });
});

describe("a read that needs one shard", () => {
  it("calls that shard, and shard 0 for the layout", async () => {
    await openFor(16, PEOPLE, 1);
    const home = shardOf("alice", null, 16);
    expect(await askedDuring("list", () => freshRegistry(16).list("alice", null, 10))).toEqual([home]);
    expect(await askedDuring("usage", () => freshRegistry(16).countOf("alice"))).toEqual([home]);
    expect(await askedDuring("usage", () => freshRegistry(16).countOf(servicePrincipal("notes")))).toEqual([]);
  });

  it("works while another shard is unreachable, and reports its own shard if that is unreachable", async () => {
    await openFor(16, PEOPLE, 1);
    const home = shardOf("alice", null, 16);
    const other = [1, 2, 3].find((shard) => shard !== home) ?? 0;
    shardDown(other);
    expect(await listOf(freshRegistry(16), "alice")).toEqual(["alice-0"]);
    vi.restoreAllMocks();
    shardDown(home);
    expect(await freshRegistry(16).list("alice", null, 10)).toEqual({
      ok: false,
      failure: { kind: "registry_unavailable", shards: [home] },
    });
    expect(await freshRegistry(16).listAll("alice", null, 10)).toEqual({ entries: [], missing: [home] });
  });

  it("does not need shard 0 if the isolate has heard from it before, and otherwise fails", async () => {
    const principal = PEOPLE.find((name) => shardOf(name, null, 16) !== 0 && shardOf(name, null, 3) !== 0) ?? "";
    await openFor(16, [principal], 1);
    const heard = freshRegistry(3);
    await heard.count(ANONYMOUS);
    shardDown(0);
    expect(await listOf(heard, principal)).toEqual([`${principal}-0`]);
    expect(await freshRegistry(3).list(principal, null, 10)).toMatchObject({ failure: { shards: [0] } });
  });
});

describe("a count with an unreachable shard", () => {
  it("reports the shard, also beyond the configured number", async () => {
    await openFor(16, PEOPLE, 1);
    shardDown(11);
    expect(await countOf(freshRegistry(3))).toEqual({ kind: "registry_unavailable", shards: [11] });
    expect((await freshRegistry(3).report()).answers).toHaveLength(15);
  });
});

it("a session sends the number of shards under which its own was chosen, regardless of its object's configuration", async () => {
  const principal = PEOPLE.find((name) => shardOf(name, null, 16) > 4) ?? "";
  await newSession().set(principal, setRequest("/a", { shard: shardOf(principal, null, 5), registrySize: 5 }));
  expect(await registryShard(0).layout()).toEqual({ sizes: [5], strays: [] });
  expect(await listOf(freshRegistry(16), principal)).toHaveLength(1);
});

it("sessions begun under another number of shards live, end and leave an exact count", async () => {
  const sessions = Array.from({ length: 20 }, newSession);
  for (const [n, session] of sessions.entries()) {
    await session.set("alice", setRequest(`/${n}`, { shard: (n * 5) % 16 }));
    moveClock(1);
  }
  const shrunk = freshRegistry(3);
  // The isolate of the sessions may remember a layout announced in an earlier test; here it is stored.
  await registryShard(0).announce({ sizes: [16], strays: [] });
  expect(await countOf(shrunk, "alice")).toMatchObject({ total: 20, yours: 20 });
  for (const session of sessions) await session.end("alice");
  expect(await countOf(shrunk, "alice")).toMatchObject({ total: 0, yours: 0 });
});
