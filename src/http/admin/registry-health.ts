import type { RegistryClient } from "../../registry/registry-client.ts";
import { HEALTH_MAX_AGE_MS } from "./limits.ts";

/** Returns the registry shards that do not respond. */
export type RegistryHealth = (registry: RegistryClient) => Promise<readonly number[]>;

/**
 * Checks all shards, at most once per `HEALTH_MAX_AGE_MS` in an isolate, because the status page and `/readyz` need no
 * token.
 */
export function createRegistryHealth(): RegistryHealth {
  let checkedAt = Number.NEGATIVE_INFINITY;
  let known: readonly number[] | null = null;
  return async (registry) => {
    if (known !== null && Date.now() - checkedAt < HEALTH_MAX_AGE_MS) return known;
    // Set before the answer arrives, so that concurrent requests get the last result and do not check too.
    checkedAt = Date.now();
    known = await registry.missing();
    return known;
  };
}
