import { HEALTH_MAX_AGE_MS } from "../constants.ts";
import type { Registry } from "../registry/registry.ts";

/** The registry shards that do not respond. */
export type RegistryHealth = (registry: Registry) => Promise<readonly number[]>;

/**
 * Asks all shards, but not more often than every `HEALTH_MAX_AGE_MS` in an isolate: whoever reloads the status page or
 * polls `/readyz` needs no token.
 */
export function createRegistryHealth(): RegistryHealth {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let known: readonly number[] | null = null;
  return async (registry) => {
    if (known !== null && Date.now() - checkedAt < HEALTH_MAX_AGE_MS) return known;
    // Before the answer arrives: requests of the same moment get the answer of the last check and do not ask too.
    checkedAt = Date.now();
    known = await registry.missing();
    return known;
  };
}
