/** Limits and timeouts of this folder. Units are in the names. */

/** A deadline is rounded up by at most this fraction of the idle timeout, so that a burst of accesses writes once. */
export const DEADLINE_GRANULES_PER_TIMEOUT = 1440;

/** How long the header of a session is answered 404 after `DELETE /mcp`. */
export const TOMBSTONE_MS = 24 * 60 * 60 * 1000;

/** First and longest delay between attempts of a session object to reach its registry shard. */
export const REGISTRY_RETRY_FIRST_MS = 5000;
export const REGISTRY_RETRY_LONGEST_MS = 15 * 60 * 1000;

/** How often the Worker calls an object, and how long it waits before a retry, if the platform says that a retry is safe. */
export const OBJECT_CALL_TRIES = 3;
export const OBJECT_RETRY_WAIT_MS = 50;

/** How long a listing waits for each session before it continues without its answer. */
export const LIST_PEEK_TIMEOUT_MS = 3000;

/** How long a session trusts its last reply from the principal's catalog before an access asks again. */
export const PROJECT_RECHECK_MS = 5000;

/** Limits of a session's state: number of keys, total size (keys and JSON text, in UTF-8), key length, nesting of a value. */
export const MAX_STATE_KEYS = 64;
export const MAX_STATE_BYTES = 128 * 1024;
export const MAX_STATE_KEY_BYTES = 256;
export const MAX_STATE_DEPTH = 64;

/**
 * How long a session object waits for a client's answer before the call has to ask again. Bounds how long the object stays awake
 * for a call that has ended.
 */
export const ANSWER_WAIT_MS = 30_000;

/** How many answers a session object keeps for calls that have not taken them yet, or may take them again. */
export const MAX_KEPT_ANSWERS = 16;

/** How many changes a session object remembers by their ID, and for how long: much longer than the Worker retries a call. */
export const MAX_REMEMBERED_CHANGES = 64;
export const CHANGE_REMEMBERED_MS = 60_000;
