/** Limits and time-outs of this room. Units are in the names. */

/** How long a session object waits for a registry shard before it goes on and leaves the rest to its alarm. */
export const REGISTRY_CALL_TIMEOUT_MS = 3000;

/** How often a registry shard asks whether the contexts behind its rows are still there. */
export const AUDIT_INTERVAL_MS = 24 * 60 * 60 * 1000;

/** Rows that one alarm of the audit looks at, below the free plan's 50 calls per invocation, and the longest time between two. */
export const AUDIT_BATCH = 40;
export const AUDIT_PAUSE_MS = 1000;

/** How long the audit waits for one session before it leaves its row for tomorrow. */
export const AUDIT_QUESTION_TIMEOUT_MS = 3000;

/** How many of a principal's sessions an exceeded quota names as candidates to end. */
export const QUOTA_EXAMPLES = 3;

/** Pairs of tool and outcome that an isolate and a shard count by themselves; all others are counted together. */
export const MAX_OPERATION_PAIRS = 200;
export const MAX_OPERATION_ROWS = 500;
