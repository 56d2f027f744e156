/** Limits and time-outs. Units are in the names. */

/** Largest request body that `/mcp` reads. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Longest request URL, in characters; nothing here needs a long one. */
export const MAX_URL_LENGTH = 4096;

/** All request headers together, names and values, in characters. A token full of groups is a few thousand. */
export const MAX_HEADERS_LENGTH = 32 * 1024;

/** How deep arrays and objects of a message may nest. Validators recurse: without a limit a body of brackets ends the stack. */
export const MAX_JSON_DEPTH = 64;

/** Longest string in a message, as written there. */
export const MAX_JSON_STRING_LENGTH = 64 * 1024;

/** Most messages in one batch (2025-03-26): each may cost calls to objects, and all run at once. */
export const MAX_BATCH_MESSAGES = 20;

/** All answers to a batch together. */
export const MAX_BATCH_ANSWER_BYTES = 1024 * 1024;

/** A page of a list, as the answer's JSON. */
export const MAX_PAGE_BYTES = 64 * 1024;

/** The period of both rate limiters in wrangler.toml, which a Worker cannot read: what Retry-After says. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/**
 * Age of the token issuer's keys from which they are fetched anew in the background; from which they are no longer used
 * without asking the issuer; and from which they are not used at all, even if the issuer does not answer.
 */
export const JWKS_REFRESH_AFTER_MS = 5 * 60 * 1000;
export const JWKS_STALE_AFTER_MS = 10 * 60 * 1000;
export const JWKS_MAX_AGE_MS = 60 * 60 * 1000;

/** Shortest time between the starts of two fetches of the issuer's keys; anyone can make up the key id that asks for one. */
export const JWKS_INTERVAL_MS = 30 * 1000;

/** How long the issuer may take to send its keys, and how large they may be. */
export const JWKS_TIMEOUT_MS = 5000;
export const MAX_JWKS_BYTES = 256 * 1024;

/** How often a request looks whether the keys that another one is fetching have come. */
export const JWKS_POLL_MS = 20;

/** How many keys are tried for a token that does not name one of them. */
export const MAX_KEYS_TRIED = 10;

/** Tokens that one isolate remembers as verified. */
export const MAX_VERIFIED_TOKENS = 1000;

/** The last second of the year 9999. A later `exp` is no date; one in milliseconds by mistake is later. */
export const MAX_TOKEN_EXPIRY_SECONDS = 253_402_300_799;

/** Longest subject of a token (OpenID Connect Core, section 2). */
export const MAX_SUBJECT_LENGTH = 255;

/** Longest path that a context keeps, in bytes of UTF-8 (Linux's PATH_MAX). */
export const MAX_PATH_BYTES = 4096;

/** Longest client name that a context keeps, in UTF-16 code units. */
export const MAX_CLIENT_LENGTH = 200;

/** Largest project config, in bytes of UTF-8. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** Deepest nesting of a project config: what is stored and sent on must not exhaust the stack of whoever reads it. */
export const MAX_CONFIG_DEPTH = 32;

/** How many directories a discovery looks in, the working directory included. */
export const MAX_DISCOVERY_DIRECTORIES = 20;

export const MAX_PROJECTS_PER_CATALOG = 1000;

/** All projects of a catalog together: configs, paths, names and ids, in bytes of UTF-8. */
export const MAX_CATALOG_BYTES = 2 * 1024 * 1024;

/** Most projects on one page of a list. */
export const MAX_PROJECTS_PER_PAGE = 100;

/** How many projects an error lists, be they near to a name or of the same name. */
export const MAX_PROJECTS_IN_ERROR = 5;

/** A deadline is rounded up by at most this part of the idle time-out, so that a burst of accesses writes once. */
export const DEADLINE_GRANULES_PER_TIMEOUT = 1440;

/** How long a session ended by `DELETE /mcp` keeps answering 404. */
export const TOMBSTONE_MS = 24 * 60 * 60 * 1000;

/** How long a session object waits for a registry shard before it goes on and leaves the rest to its alarm. */
export const REGISTRY_CALL_TIMEOUT_MS = 3000;

/** First and longest wait between two tries of a session object to reach its registry shard. */
export const REGISTRY_RETRY_FIRST_MS = 5000;
export const REGISTRY_RETRY_LONGEST_MS = 15 * 60 * 1000;

/** How often and after what wait the Worker calls an object again when the platform says that a retry is safe. */
export const OBJECT_CALL_TRIES = 3;
export const OBJECT_RETRY_WAIT_MS = 50;

/** The refusal of an unknown or foreign session comes a whole number of these after the request. More than a call to an object takes. */
export const REFUSAL_STEP_MS = 250;

/** How often a registry shard asks whether the contexts behind its rows are still there. */
export const AUDIT_INTERVAL_MS = 24 * 60 * 60 * 1000;

/** Rows that one alarm of the audit looks at, below the free plan's 50 calls per invocation, and the longest time between two. */
export const AUDIT_BATCH = 40;
export const AUDIT_PAUSE_MS = 1000;

/** How long the audit waits for one session before it leaves its row for tomorrow. */
export const AUDIT_QUESTION_TIMEOUT_MS = 3000;

/** How many of a principal's sessions an exceeded quota names as candidates to end. */
export const QUOTA_EXAMPLES = 3;

/** Sessions on one page of `list_sessions`; each costs a call to its object. */
export const LIST_PAGE = 20;

/** How long a listing waits for a session before it goes on without its answer. */
export const LIST_PEEK_TIMEOUT_MS = 3000;

/**
 * Most registry shards. A count asks each once, and a request can carry `MAX_BATCH_MESSAGES` counts: 20 × 256 calls are within
 * the 10,000 that the platform lets one invocation make (1,000 on the free plan, which has room for 48 shards).
 */
export const MAX_REGISTRY_SHARDS = 256;

/** How long a call waits for the catalog of its principal before the project counts as unknown. */
export const CATALOG_CALL_TIMEOUT_MS = 3000;

/** How long a session relies on what it knows of its principal's catalog before an access asks again. */
export const PROJECT_RECHECK_MS = 5000;

/** State that a session keeps: how many keys, how much in all (keys and JSON text, in UTF-8), how long a key, how deep a value. */
export const MAX_STATE_KEYS = 64;
export const MAX_STATE_BYTES = 128 * 1024;
export const MAX_STATE_KEY_BYTES = 256;
export const MAX_STATE_DEPTH = 64;

/** Longest session id that a service may choose, in bytes of UTF-8. */
export const MAX_SERVICE_SESSION_ID_BYTES = 512;

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

/** How often an update of a state value is tried if other calls change the value meanwhile. */
export const STATE_UPDATE_TRIES = 10;

/** How long the status page and `/readyz` give the same answer about the registry. */
export const HEALTH_MAX_AGE_MS = 15_000;

/** How long an isolate counts calls before it reports them: below the 30 seconds that a Worker may go on after its response. */
export const OPERATIONS_FLUSH_MS = 20_000;

/** How long an isolate keeps a report that nobody acknowledges, and how long, much longer, a shard knows it again. */
export const OPERATIONS_GIVE_UP_MS = 10 * 60 * 1000;
export const OPERATIONS_REMEMBER_MS = 60 * 60 * 1000;

/** Pairs of tool and outcome that an isolate and a shard count by themselves; all others are counted together. */
export const MAX_OPERATION_PAIRS = 200;
export const MAX_OPERATION_ROWS = 500;

/** Principals whose hash for the log one isolate remembers. */
export const MAX_KNOWN_PRINCIPALS = 1000;

/** Names of tools that one isolate learns from a server's answers. */
export const MAX_KNOWN_TOOLS = 200;

/** Modern envelopes that one isolate remembers as accepted, and how long one may be, in UTF-16 code units. */
export const MAX_KNOWN_ENVELOPES = 500;
export const MAX_KNOWN_ENVELOPE_LENGTH = 4096;

/** Answers that one isolate remembers to give again, and how long the request to one may be, in UTF-16 code units. */
export const MAX_KNOWN_ANSWERS = 250;
export const MAX_KNOWN_REQUEST_LENGTH = 4096;
