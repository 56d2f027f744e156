/** Limits and timeouts of the settings. Units are in the names. */

/**
 * Maximum number of registry shards. A count calls each once, and a request can carry `MAX_BATCH_MESSAGES` counts: 20 × 256
 * calls are within the platform's limit of 10,000 per invocation (1,000 on the free plan, enough for 48 shards).
 */
export const MAX_REGISTRY_SHARDS = 256;

/** How long an isolate counts calls before it reports them: less than the 30 seconds that a Worker may run after its response. */
export const OPERATIONS_FLUSH_MS = 20_000;
