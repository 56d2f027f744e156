import type { Config } from "../config.ts";
import { REGISTRY_CALL_TIMEOUT_MS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import type { Principal } from "../session/session-context.ts";
import { within } from "../time-limit.ts";
import type { HistoryRange } from "./history.ts";
import type { OperationBatch } from "./operations.ts";
import type {
  ListPosition,
  RegisterAnswer,
  RegisterRequest,
  RegistryEntry,
  SessionRegistry,
  ShardReport,
} from "./session-registry.ts";
import { REGIONS, type Region, regionOf } from "./shard-of.ts";
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
  /** Only regions that hold a session. */
  readonly byRegion: Readonly<Partial<Record<Region, number>>>;
}

type Unavailable = Extract<Failure, { kind: "registry_unavailable" }>;
type Stub = DurableObjectStub<SessionRegistry>;

/**
 * The registry behind one face: all its shards, whose failures come back as values. Lives as long as one request, or
 * as one Durable Object: the stubs that it keeps belong to it.
 */
export class Registry {
  readonly #namespace: DurableObjectNamespace<SessionRegistry>;
  readonly #shards: number;
  /** One stub per shard for as long as it works: calls over one stub arrive in the order in which they were made. */
  readonly #stubs = new Map<number, Stub>();

  constructor(
    namespace: DurableObjectNamespace<SessionRegistry>,
    config: Pick<Config, "registryShards" | "jurisdiction">,
  ) {
    this.#namespace = config.jurisdiction === null ? namespace : namespace.jurisdiction(config.jurisdiction);
    this.#shards = config.registryShards;
  }

  /** Adds a context to shard `shard`, unless its known principal has `maxSessions` there (0: no limit). May be repeated. */
  register(shard: number, request: RegisterRequest, maxSessions: number): Promise<Result<RegisterAnswer, Unavailable>> {
    return this.#call<RegisterAnswer>(shard, (stub) => stub.register(request, maxSessions));
  }

  /** Removes a context from shard `shard`. May be repeated. */
  unregister(shard: number, entry: ListPosition, reason: EndReason): Promise<Result<void, Unavailable>> {
    return this.#call<void>(shard, (stub) => stub.unregister(entry, reason));
  }

  /** What each shard has counted, in the order of the shards. Exact: one that does not answer makes it a failure. */
  report(
    ranges: readonly HistoryRange[] = [],
    now: number = Date.now(),
    { operations = false } = {},
  ): Promise<Result<ShardReport[], Unavailable>> {
    return this.#callAll<ShardReport>((stub) => stub.report(ranges, now, operations));
  }

  /** Adds an isolate's finished calls to shard `shard`. The same batch may be sent again, to the same shard. */
  addOperations(shard: number, batch: OperationBatch): Promise<Result<void, Unavailable>> {
    return this.#call<void>(shard, (stub) => stub.addOperations(batch));
  }

  /** How many contexts are live. Exact: a shard that does not answer makes it a failure. */
  async count(principal: Principal): Promise<Result<SessionCount, Unavailable>> {
    const counts = await this.#callAll((stub) => stub.count(principal));
    if (!counts.ok) return counts;
    const byRegion: Partial<Record<Region, number>> = {};
    for (const region of REGIONS) {
      const sessions = sum(counts.value.map((count, shard) => (regionOf(shard) === region ? count.sessions : 0)));
      if (sessions > 0) byRegion[region] = sessions;
    }
    return ok({
      total: sum(counts.value.map((count) => count.sessions)),
      yours: sum(counts.value.map((count) => count.yours)),
      byRegion,
    });
  }

  /**
   * The contexts of a known principal, newest first. Asks every shard: a principal has one of its own, but contexts that
   * began before the number of shards grew stay where they are.
   */
  async list(
    principal: Principal,
    position: ListPosition | null,
    limit: number,
  ): Promise<Result<RegistryEntry[], Unavailable>> {
    const lists = await this.#callAll((stub) => stub.list(principal, position, limit));
    return lists.ok ? ok(lists.value.flat().sort(newestFirst).slice(0, limit)) : lists;
  }

  /** Contexts of all principals, or of one, whoever asks: for operators. Newest first. */
  async listAll(
    principal: Principal | null,
    position: ListPosition | null,
    limit: number,
  ): Promise<Result<RegistryEntry[], Unavailable>> {
    const lists = await this.#callAll((stub) => stub.listAll(principal, position, limit));
    return lists.ok ? ok(lists.value.flat().sort(newestFirst).slice(0, limit)) : lists;
  }

  async #callAll<T>(call: (stub: Stub) => Promise<T>): Promise<Result<T[], Unavailable>> {
    const answers = await Promise.all(Array.from({ length: this.#shards }, (_, shard) => this.#call(shard, call)));
    const values: T[] = [];
    const missing: number[] = [];
    for (const answer of answers) {
      if (answer.ok) values.push(answer.value);
      else missing.push(...answer.failure.shards);
    }
    return missing.length === 0 ? ok(values) : fail({ kind: "registry_unavailable", shards: missing });
  }

  async #call<T>(shard: number, call: (stub: Stub) => Promise<T>): Promise<Result<T, Unavailable>> {
    try {
      return ok(await within(REGISTRY_CALL_TIMEOUT_MS, call(this.#stub(shard))));
    } catch {
      // A stub that has failed once may stay broken.
      this.#stubs.delete(shard);
      return fail({ kind: "registry_unavailable", shards: [shard] });
    }
  }

  #stub(shard: number): Stub {
    let stub = this.#stubs.get(shard);
    if (stub === undefined) {
      stub = this.#namespace.get(this.#namespace.idFromName(`shard-${shard}`), { locationHint: regionOf(shard) });
      this.#stubs.set(shard, stub);
    }
    return stub;
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const newestFirst = (a: RegistryEntry, b: RegistryEntry): number =>
  b.openedAt - a.openedAt || (a.sessionId < b.sessionId ? 1 : -1);
