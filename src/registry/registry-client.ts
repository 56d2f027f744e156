import { fail, ok, type Result } from "../model/failure.ts";
import { isShared, type Principal } from "../model/principal.ts";
import type { Config } from "../settings/config.ts";
import type { HistoryRange } from "./history.ts";
import { allShards, homesOf, includesLayout, type Layout, layoutOf, mergeLayouts, withShard } from "./layout.ts";
import { QUOTA_EXAMPLES } from "./limits.ts";
import type { OperationCount } from "./operations.ts";
import { addRegions, type RegionCounts } from "./region-counts.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { type FromShard, type Gathered, type RegistryUnavailable, ShardCalls, type Stub } from "./shard-calls.ts";
import type {
  ListPosition,
  RegisterAnswer,
  RegisterRequest,
  RegistryEntry,
  ShardPage,
  ShardReport,
} from "./shard-messages.ts";
import { shardOf } from "./shard-of.ts";
import type { EndReason } from "./tally.ts";

/**
 * How many sessions have a context.
 * @example
 * ```ts
 * import type { SessionCount } from "mcp-session-context";
 *
 * const inEurope = ({ byRegion }: SessionCount) => (byRegion.weur ?? 0) + (byRegion.eeur ?? 0);
 * ```
 */
export interface SessionCount {
  readonly total: number;
  /** Those of the calling principal; 0 for callers without a token and for services, whose principals are shared. */
  readonly yours: number;
  /** By the region in which the context began; adds up to `total`. Regions without a session are omitted. */
  readonly byRegion: RegionCounts;
}

/** A page of a listing, and the shards whose sessions are missing from it. */
export interface Listing {
  readonly entries: readonly RegistryEntry[];
  readonly missing: readonly number[];
}

/**
 * This isolate's cache of each registry's layout. It holds values, not promises, since a promise belongs to the request that
 * made it. Layouts only grow, and changing `REGISTRY_SHARDS` takes a deployment, which starts new isolates.
 */
const knownLayouts = new WeakMap<DurableObjectNamespace<SessionRegistry>, Layout>();

/**
 * The client of all shards. Returns failures as values. Lives as long as one request, or as one Durable Object.
 */
export class RegistryClient {
  readonly #namespace: DurableObjectNamespace<SessionRegistry>;
  readonly #size: number;
  readonly #shards: ShardCalls;
  /** Settles once every requested registration has been sent or given up. */
  #preparing: Promise<unknown> = Promise.resolve();

  constructor(
    namespace: DurableObjectNamespace<SessionRegistry>,
    config: Pick<Config, "registryShards" | "jurisdiction" | "logLevel">,
  ) {
    this.#namespace = namespace;
    this.#size = config.registryShards;
    this.#shards = new ShardCalls(namespace, config);
  }

  /**
   * Adds a context to shard `shard`, unless its known principal already has `maxSessions` (0: no limit). Idempotent. Announces
   * the shard to shard 0 first, so that the context is found and counted even after `REGISTRY_SHARDS` has changed.
   * @param size The number of shards when `shard` was chosen.
   */
  async register(
    shard: number,
    request: RegisterRequest,
    maxSessions: number,
    size = this.#size,
  ): Promise<Result<RegisterAnswer, RegistryUnavailable>> {
    const prepared = this.#prepare(shard, size, request.principal, maxSessions);
    this.#preparing = Promise.all([this.#preparing, prepared]);
    const elsewhere = await prepared;
    if (!elsewhere.ok) return elsewhere;
    const others = elsewhere.value;
    const used = sum(others.map(({ sessions }) => sessions));
    const answer = await this.#shards.call<RegisterAnswer>("register", shard, (stub) =>
      stub.register(request, maxSessions, used),
    );
    if (!answer.ok || answer.value.outcome !== "refused" || others.length === 0) return answer;
    const oldest = [answer.value, ...others].flatMap((part) => part.oldest).sort((a, b) => a.openedAt - b.openedAt);
    return ok({ outcome: "refused", oldest: oldest.slice(0, QUOTA_EXAMPLES) });
  }

  /** Announces the shard. If a quota applies, also fetches the principal's usage in its other shards. */
  async #prepare(shard: number, size: number, principal: Principal, maxSessions: number) {
    const sized = await this.#announce(layoutOf(size));
    if (!sized.ok) return sized;
    const layout = await this.#announce(withShard(sized.value, principal, shard));
    if (!layout.ok) return layout;
    if (maxSessions === 0 || isShared(principal)) return ok([]);
    const others = homesOf(principal, layout.value).filter((home) => home !== shard);
    return exact(await this.#shards.ask("usage", others, (stub) => stub.usage(principal)));
  }

  /** Removes a context from shard `shard`. Idempotent. Never overtakes an earlier `register`. */
  async unregister(shard: number, entry: ListPosition, reason: EndReason): Promise<Result<void, RegistryUnavailable>> {
    await this.#preparing;
    return this.#shards.call("unregister", shard, (stub) => stub.unregister(entry, reason));
  }

  /** Adds an isolate's finished calls to shard `shard`. Not idempotent: a retry would count them twice. */
  async addOperations(shard: number, counts: readonly OperationCount[]): Promise<Result<void, RegistryUnavailable>> {
    const layout = await this.#announce(layoutOf(this.#size));
    if (!layout.ok) return layout;
    return this.#shards.call("addOperations", shard, (stub) => stub.addOperations(counts));
  }

  /** The counts of each shard. Shards that do not answer are in `missing`. */
  report(
    ranges: readonly HistoryRange[] = [],
    now: number = Date.now(),
    { operations = false } = {},
  ): Promise<Gathered<ShardReport>> {
    return this.#askAll("report", (stub) => stub.report(ranges, now, operations));
  }

  /** The number of live contexts. Exact: fails with `registry_unavailable` if any shard does not answer. */
  async count(principal: Principal): Promise<Result<SessionCount, RegistryUnavailable>> {
    const counts = exact(await this.#askAll("count", (stub) => stub.count(principal)));
    if (!counts.ok) return counts;
    return ok({
      total: sum(counts.value.map(({ sessions }) => sessions)),
      yours: sum(counts.value.map(({ yours }) => yours)),
      byRegion: addRegions(counts.value),
    });
  }

  /** The number of `principal`'s live contexts; 0 for shared principals. Asks only the shards that can hold them. */
  async countOf(principal: Principal): Promise<Result<number, RegistryUnavailable>> {
    if (isShared(principal)) return ok(0);
    const usage = exact(await this.#askHomes("usage", principal, (stub) => stub.usage(principal)));
    return usage.ok ? ok(sum(usage.value.map(({ sessions }) => sessions))) : usage;
  }

  /** The contexts of a known principal, newest first. Asks only the shards that can hold them; all of these must answer. */
  async list(
    principal: Principal,
    position: ListPosition | null,
    limit: number,
  ): Promise<Result<readonly RegistryEntry[], RegistryUnavailable>> {
    if (isShared(principal)) return ok([]);
    const { entries, missing } = await this.listAll(principal, position, limit);
    return missing.length === 0 ? ok(entries) : fail({ kind: "registry_unavailable", shards: missing });
  }

  /** For operators: contexts of all principals or of one, newest first. Shards that do not answer are in `missing`. */
  async listAll(principal: Principal | null, position: ListPosition | null, limit: number): Promise<Listing> {
    const call = (stub: Stub): Promise<ShardPage> => stub.list(principal, position, limit);
    const { answers, missing } =
      principal === null || isShared(principal)
        ? await this.#askAll("list", call)
        : await this.#askHomes("list", principal, call);
    const entries = answers.flatMap((page) => page.entries).sort(newestFirst);
    return { entries: entries.slice(0, limit), missing };
  }

  /** Shards that do not respond. */
  async missing(): Promise<readonly number[]> {
    return (await this.report()).missing;
  }

  /** Makes sure that shard 0 has stored `part`. Returns the whole layout that this isolate knows. */
  async #announce(part: Layout): Promise<Result<Layout, RegistryUnavailable>> {
    const known = knownLayouts.get(this.#namespace);
    if (known !== undefined && includesLayout(known, part)) return ok(known);
    const layout = await this.#shards.call("announce", 0, (stub) => stub.announce(part));
    return layout.ok ? ok(this.#learn(layout.value)) : layout;
  }

  #learn(layout: Layout): Layout {
    const known = mergeLayouts(knownLayouts.get(this.#namespace) ?? layout, layout);
    knownLayouts.set(this.#namespace, known);
    return known;
  }

  /** Asks the configured shards, and then any others in the layout that shard 0 returns. */
  async #askAll<T extends { readonly layout: Layout | null }>(
    operation: string,
    call: (stub: Stub) => Promise<T>,
  ): Promise<Gathered<T>> {
    const configured = allShards(layoutOf(this.#size));
    const first = await this.#shards.ask(operation, configured, call);
    const layout = first.answers.find(({ shard }) => shard === 0)?.layout;
    if (layout) this.#learn(layout);
    return this.#askRest(operation, first, configured, allShards(this.#layout()), call);
  }

  /** Asks the shards that can hold contexts of a known principal: one, unless `REGISTRY_SHARDS` has changed. */
  async #askHomes<T extends object>(
    operation: string,
    principal: Principal,
    call: (stub: Stub) => Promise<T>,
  ): Promise<Gathered<T>> {
    const home = [shardOf(principal, null, this.#size)];
    const [first, layout] = await Promise.all([
      this.#shards.ask(operation, home, call),
      this.#shards.call("layout", 0, (stub) => stub.layout()),
    ]);
    if (layout.ok && layout.value !== null) this.#learn(layout.value);
    // If shard 0 does not answer, a cached layout is enough. Without one there may be unknown shards: report shard 0 as missing.
    const unsure = !layout.ok && !knownLayouts.has(this.#namespace);
    const found = unsure ? { ...first, missing: [...new Set([0, ...first.missing])] } : first;
    return this.#askRest(operation, found, home, homesOf(principal, this.#layout()), call);
  }

  #layout(): Layout {
    return mergeLayouts(knownLayouts.get(this.#namespace) ?? layoutOf(this.#size), layoutOf(this.#size));
  }

  async #askRest<T extends object>(
    operation: string,
    first: Gathered<T>,
    asked: readonly number[],
    wanted: readonly number[],
    call: (stub: Stub) => Promise<T>,
  ): Promise<Gathered<T>> {
    const rest = wanted.filter((shard) => !asked.includes(shard));
    const more = await this.#shards.ask(operation, rest, call);
    return { answers: [...first.answers, ...more.answers], missing: [...first.missing, ...more.missing] };
  }
}

/** Fails if any shard is missing: a sum without it would be wrong. */
const exact = <T extends object>({
  answers,
  missing,
}: Gathered<T>): Result<readonly FromShard<T>[], RegistryUnavailable> =>
  missing.length === 0 ? ok(answers) : fail({ kind: "registry_unavailable", shards: missing });

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const newestFirst = (a: RegistryEntry, b: RegistryEntry): number =>
  b.openedAt - a.openedAt || (a.sessionId < b.sessionId ? 1 : -1);
