/** Limits and timeouts of the registry. Units are in the names. */

/** How long a call waits for a registry shard. A session object then continues, and its alarm retries. */
export const REGISTRY_CALL_TIMEOUT_MS = 3000;

/** How often a registry shard checks that the contexts of its rows still exist. */
export const AUDIT_INTERVAL_MS = 24 * 60 * 60 * 1000;

/** Rows per audit alarm, below the free plan's limit of 50 calls per invocation, and the longest time between two alarms. */
export const AUDIT_BATCH = 40;
export const AUDIT_PAUSE_MS = 1000;

/** How long the audit waits for one session before it leaves the row for the next round. */
export const AUDIT_QUESTION_TIMEOUT_MS = 3000;

/** How many of a principal's sessions a quota failure lists as candidates to end. */
export const QUOTA_EXAMPLES = 3;

/** How many pairs of tool and outcome an isolate and a shard count separately; all others are counted together. */
export const MAX_OPERATION_PAIRS = 200;
export const MAX_OPERATION_ROWS = 500;
