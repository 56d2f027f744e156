/** Limits and time-outs of this room. Units are in the names. */

/**
 * Most registry shards. A count asks each once, and a request can carry `MAX_BATCH_MESSAGES` counts: 20 × 256 calls are within
 * the 10,000 that the platform lets one invocation make (1,000 on the free plan, which has room for 48 shards).
 */
export const MAX_REGISTRY_SHARDS = 256;

/** How long an isolate counts calls before it reports them: below the 30 seconds that a Worker may go on after its response. */
export const OPERATIONS_FLUSH_MS = 20_000;
