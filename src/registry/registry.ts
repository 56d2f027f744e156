import type { Config } from "../config.ts";
import { REGISTRY_CALL_TIMEOUT_MS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import type { RegistryEntry, SessionRegistry } from "./session-registry.ts";
import { REGIONS, type Region, regionOf } from "./shard-of.ts";

export interface SessionCount {
  readonly total: number;
  /** Only regions that hold a session. */
  readonly byRegion: Readonly<Partial<Record<Region, number>>>;
}

type Unavailable = Extract<Failure, { kind: "registry_unavailable" }>;

/** The registry behind one face: all its shards, whose failures come back as values. */
export class Registry {
  readonly #namespace: DurableObjectNamespace<SessionRegistry>;
  readonly #shards: number;
  /** One stub per shard for as long as it works: calls over one stub arrive in the order in which they were made. */
  readonly #stubs = new Map<number, DurableObjectStub<SessionRegistry>>();

  constructor(
    namespace: DurableObjectNamespace<SessionRegistry>,
    config: Pick<Config, "registryShards" | "jurisdiction">,
  ) {
    this.#namespace = config.jurisdiction === null ? namespace : namespace.jurisdiction(config.jurisdiction);
    this.#shards = config.registryShards;
  }

  /** Adds a context to shard `shard`. May be repeated. */
  register(shard: number, entry: RegistryEntry): Promise<Result<void, Unavailable>> {
    return this.#call(shard, (stub) => stub.register(entry));
  }

  /** Removes a context from shard `shard`. May be repeated. */
  unregister(shard: number, entry: RegistryEntry): Promise<Result<void, Unavailable>> {
    return this.#call(shard, (stub) => stub.unregister(entry));
  }

  /** How many contexts are live. Exact: a shard that does not answer makes it a failure. */
  async count(): Promise<Result<SessionCount, Unavailable>> {
    const answers = await Promise.all(
      Array.from({ length: this.#shards }, (_, shard) => this.#call<number>(shard, (stub) => stub.count())),
    );
    const missing = answers.flatMap((answer) => (answer.ok ? [] : answer.failure.shards));
    if (missing.length > 0) return fail({ kind: "registry_unavailable", shards: missing });
    let total = 0;
    const byRegion: Partial<Record<Region, number>> = {};
    for (const [shard, answer] of answers.entries()) {
      if (!answer.ok || answer.value === 0) continue;
      total += answer.value;
      const region = regionOf(shard);
      byRegion[region] = (byRegion[region] ?? 0) + answer.value;
    }
    return ok({ total, byRegion: inRegionOrder(byRegion) });
  }

  async #call<T>(
    shard: number,
    call: (stub: DurableObjectStub<SessionRegistry>) => Promise<T>,
  ): Promise<Result<T, Unavailable>> {
    let timer: number | null = null;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error("time-out")), REGISTRY_CALL_TIMEOUT_MS);
    });
    try {
      return ok(await Promise.race([call(this.#stub(shard)), timeout]));
    } catch {
      // A stub that has failed once may stay broken.
      this.#stubs.delete(shard);
      return fail({ kind: "registry_unavailable", shards: [shard] });
    } finally {
      clearTimeout(timer);
    }
  }

  #stub(shard: number): DurableObjectStub<SessionRegistry> {
    let stub = this.#stubs.get(shard);
    if (stub === undefined) {
      stub = this.#namespace.get(this.#namespace.idFromName(`shard-${shard}`), { locationHint: regionOf(shard) });
      this.#stubs.set(shard, stub);
    }
    return stub;
  }
}

const inRegionOrder = (counts: Partial<Record<Region, number>>) =>
  Object.fromEntries(REGIONS.flatMap((region) => (counts[region] === undefined ? [] : [[region, counts[region]]])));
