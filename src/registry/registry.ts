import type { Config } from "../config.ts";
import { QUOTA_EXAMPLES } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import { isShared, type Principal } from "../session/session-context.ts";
import type { HistoryRange } from "./history.ts";
import { allShards, homesOf, includesLayout, type Layout, layoutOf, mergeLayouts, withShard } from "./layout.ts";
import type { OperationBatch } from "./operations.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { type FromShard, type Gathered, ShardCalls, type Stub } from "./shard-calls.ts";
import type { RegionCounts } from "./shard-history.ts";
import type {
  ListPosition,
  RegisterAnswer,
  RegisterRequest,
  RegistryEntry,
  ShardPage,
  ShardReport,
} from "./shard-messages.ts";
import { REGIONS, shardOf } from "./shard-of.ts";
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
  /** Of the principal that asks; 0 for callers without a token and for services, which share theirs. */
  readonly yours: number;
  /** By the region that the context began in; adds up to `total`. Only regions that hold a session. */
  readonly byRegion: RegionCounts;
}

/** A page of a listing, and the shards whose sessions are missing from it. */
export interface Listing {
  readonly entries: readonly RegistryEntry[];
  readonly missing: readonly number[];
}

type Unavailable = Extract<Failure, { kind: "registry_unavailable" }>;

/**
 * What this isolate knows of each registry's layout: values only, since a promise belongs to the request that made it. Layouts
 * only grow, and whoever changes `REGISTRY_SHARDS` deploys, which begins new isolates.
 */
const knownLayouts = new WeakMap<DurableObjectNamespace<SessionRegistry>, Layout>();

/**
 * The client of all shards, whose failures come back as values. Lives as long as one request, or as one Durable Object.
 */
export class Registry {
  readonly #namespace: DurableObjectNamespace<SessionRegistry>;
  readonly #size: number;
  readonly #shards: ShardCalls;
  /** Settled once every registration that was asked for has been sent or given up. */
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
   * Adds a context to shard `shard`, unless its known principal has `maxSessions` (0: no limit). May be repeated. Shard 0 learns
   * first that this shard is in use: what is registered is found and counted whatever `REGISTRY_SHARDS` will be.
   * @param size How many shards there were when `shard` was chosen.
   */
  async register(
    shard: number,
    request: RegisterRequest,
    maxSessions: number,
    size = this.#size,
  ): Promise<Result<RegisterAnswer, Unavailable>> {
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

  /** Announces the shard, and asks what a known principal uses of its quota in its other shards. */
  async #prepare(shard: number, size: number, principal: Principal, maxSessions: number) {
    const sized = await this.#announce(layoutOf(size));
    if (!sized.ok) return sized;
    const layout = await this.#announce(withShard(sized.value, principal, shard));
    if (!layout.ok) return layout;
    if (maxSessions === 0 || isShared(principal)) return ok([]);
    const others = homesOf(principal, layout.value).filter((home) => home !== shard);
    return exact(await this.#shards.ask("usage", others, (stub) => stub.usage(principal)));
  }

  /** Removes a context from shard `shard`. May be repeated. Never overtakes a registration that was asked for before. */
  async unregister(shard: number, entry: ListPosition, reason: EndReason): Promise<Result<void, Unavailable>> {
    await this.#preparing;
    return this.#shards.call("unregister", shard, (stub) => stub.unregister(entry, reason));
  }

  /** Adds an isolate's finished calls to shard `shard`. The same batch may be sent again, to the same shard. */
  async addOperations(shard: number, batch: OperationBatch): Promise<Result<void, Unavailable>> {
    const layout = await this.#announce(layoutOf(this.#size));
    if (!layout.ok) return layout;
    return this.#shards.call("addOperations", shard, (stub) => stub.addOperations(batch));
  }

  /** What each shard has counted; what does not answer is missing. */
  report(
    ranges: readonly HistoryRange[] = [],
    now: number = Date.now(),
    { operations = false } = {},
  ): Promise<Gathered<ShardReport>> {
    return this.#askAll("report", (stub) => stub.report(ranges, now, operations));
  }

  /** How many contexts are live. Exact: a shard that does not answer makes it a failure. */
  async count(principal: Principal): Promise<Result<SessionCount, Unavailable>> {
    const counts = exact(await this.#askAll("count", (stub) => stub.count(principal)));
    if (!counts.ok) return counts;
    return ok({
      total: sum(counts.value.map(({ sessions }) => sessions)),
      yours: sum(counts.value.map(({ yours }) => yours)),
      byRegion: addRegions(counts.value),
    });
  }

  /** How many of them are `principal`'s; 0 for shared principals. Asks only the shards that can hold them. */
  async countOf(principal: Principal): Promise<Result<number, Unavailable>> {
    if (isShared(principal)) return ok(0);
    const usage = exact(await this.#askHomes("usage", principal, (stub) => stub.usage(principal)));
    return usage.ok ? ok(sum(usage.value.map(({ sessions }) => sessions))) : usage;
  }

  /** The contexts of a known principal, newest first. Asks only the shards that can hold them, all of which must answer. */
  async list(
    principal: Principal,
    position: ListPosition | null,
    limit: number,
  ): Promise<Result<readonly RegistryEntry[], Unavailable>> {
    if (isShared(principal)) return ok([]);
    const { entries, missing } = await this.listAll(principal, position, limit);
    return missing.length === 0 ? ok(entries) : fail({ kind: "registry_unavailable", shards: missing });
  }

  /** Contexts of all principals, or of one, whoever asks: for operators. Newest first; what does not answer is missing. */
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

  /** Makes sure that shard 0 has stored `part`. Returns all that this isolate knows of. */
  async #announce(part: Layout): Promise<Result<Layout, Unavailable>> {
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

  /** Asks the configured shards, and then any others that the answer of shard 0 names. */
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
    // What this isolate has learnt before is enough; where it has learnt nothing, there may be more than it knows of.
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

/** All or nothing: a sum without a shard would be a guess. */
const exact = <T extends object>({ answers, missing }: Gathered<T>): Result<readonly FromShard<T>[], Unavailable> =>
  missing.length === 0 ? ok(answers) : fail({ kind: "registry_unavailable", shards: missing });

/** Sessions by region in the order of the regions, those of unknown region last; empty ones are left out. */
export function addRegions(parts: readonly { readonly byRegion: RegionCounts }[]): RegionCounts {
  const regions = [...REGIONS, "unknown"] as const;
  const counted = regions.map((region) => [region, sum(parts.map(({ byRegion }) => byRegion[region] ?? 0))] as const);
  return Object.fromEntries(counted.filter(([, sessions]) => sessions > 0));
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const newestFirst = (a: RegistryEntry, b: RegistryEntry): number =>
  b.openedAt - a.openedAt || (a.sessionId < b.sessionId ? 1 : -1);
