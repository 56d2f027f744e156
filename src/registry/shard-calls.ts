import { createLogger, type Logger } from "../base/log.ts";
import { within } from "../base/time-limit.ts";
import { type Failure, fail, ok, type Result } from "../model/failure.ts";
import type { Config } from "../settings/config.ts";
import { REGISTRY_CALL_TIMEOUT_MS } from "./limits.ts";
import type { SessionRegistry } from "./session-registry.ts";
import { regionOf } from "./shard-of.ts";

export type RegistryUnavailable = Extract<Failure, { kind: "registry_unavailable" }>;
export type Stub = DurableObjectStub<SessionRegistry>;
export type FromShard<T> = T & { readonly shard: number };

/** The answers of several shards, and the shards that did not answer. */
export interface Gathered<T extends object> {
  readonly answers: readonly FromShard<T>[];
  readonly missing: readonly number[];
}

/** Calls registry shards by number, with a time limit. Logs each failure with its shard. */
export class ShardCalls {
  readonly #namespace: DurableObjectNamespace<SessionRegistry>;
  readonly #log: Logger;
  /** One stub per shard, reused until it fails: calls over one stub arrive in the order in which they were made. */
  readonly #stubs = new Map<number, Stub>();

  constructor(
    namespace: DurableObjectNamespace<SessionRegistry>,
    { jurisdiction, logLevel }: Pick<Config, "jurisdiction" | "logLevel">,
  ) {
    this.#namespace = jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction);
    this.#log = createLogger(logLevel);
  }

  /** @param operation Named in the log if the call fails. */
  async call<T>(
    operation: string,
    shard: number,
    call: (stub: Stub) => Promise<T>,
  ): Promise<Result<T, RegistryUnavailable>> {
    try {
      return ok(await within(REGISTRY_CALL_TIMEOUT_MS, call(this.#stub(shard))));
    } catch (error) {
      this.#log("warn", "registry_shard_failed", { shard, operation, error: String(error) });
      // A stub that has failed once may stay broken.
      this.#stubs.delete(shard);
      return fail({ kind: "registry_unavailable", shards: [shard] });
    }
  }

  /** Makes the same call to several shards in parallel. */
  async ask<T extends object>(
    operation: string,
    shards: readonly number[],
    call: (stub: Stub) => Promise<T>,
  ): Promise<Gathered<T>> {
    const results = await Promise.all(shards.map((shard) => this.call(operation, shard, call)));
    const answers: FromShard<T>[] = [];
    const missing: number[] = [];
    for (const [i, shard] of shards.entries()) {
      const result = results[i];
      if (result?.ok) answers.push({ ...result.value, shard });
      else missing.push(shard);
    }
    return { answers, missing };
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
