/** Limits and time-outs of this room. Units are in the names. */

/** A deadline is rounded up by at most this part of the idle time-out, so that a burst of accesses writes once. */
export const DEADLINE_GRANULES_PER_TIMEOUT = 1440;

/** How long the header of a session that `DELETE /mcp` ended is answered 404. */
export const TOMBSTONE_MS = 24 * 60 * 60 * 1000;

/** First and longest wait between two tries of a session object to reach its registry shard. */
export const REGISTRY_RETRY_FIRST_MS = 5000;
export const REGISTRY_RETRY_LONGEST_MS = 15 * 60 * 1000;

/** How often and after what wait the Worker calls an object again when the platform says that a retry is safe. */
export const OBJECT_CALL_TRIES = 3;
export const OBJECT_RETRY_WAIT_MS = 50;

/** How long a listing waits for a session before it goes on without its answer. */
export const LIST_PEEK_TIMEOUT_MS = 3000;

/** How long a session relies on what it knows of its principal's catalog before an access asks again. */
export const PROJECT_RECHECK_MS = 5000;

/** State that a session keeps: how many keys, how much in all (keys and JSON text, in UTF-8), how long a key, how deep a value. */
export const MAX_STATE_KEYS = 64;
export const MAX_STATE_BYTES = 128 * 1024;
export const MAX_STATE_KEY_BYTES = 256;
export const MAX_STATE_DEPTH = 64;

/**
 * How long a session object waits at a time for an answer of the client before it has the call ask again: no longer than this
 * is it awake for a call that is gone.
 */
export const ANSWER_WAIT_MS = 30_000;

/** Answers that a session object keeps for calls that have not come for them yet, or may come again. */
export const MAX_KEPT_ANSWERS = 16;

/** Changes that a session object remembers by their operation id, and for how long: much longer than a Worker repeats a call. */
export const MAX_REMEMBERED_CHANGES = 64;
export const CHANGE_REMEMBERED_MS = 60_000;
