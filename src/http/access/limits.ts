/** Limits and timeouts of authentication. Units are in the names. */

/**
 * Ages of the token issuer's keys: from `JWKS_REFRESH_AFTER_MS` they are refreshed in the background, from
 * `JWKS_STALE_AFTER_MS` they are used only if the issuer does not respond, and from `JWKS_MAX_AGE_MS` they are not
 * used.
 */
export const JWKS_REFRESH_AFTER_MS = 5 * 60 * 1000;
export const JWKS_STALE_AFTER_MS = 10 * 60 * 1000;
export const JWKS_MAX_AGE_MS = 60 * 60 * 1000;

/**
 * Minimum time between the starts of two fetches of the issuer's keys. Anyone can trigger one with an invented key id.
 */
export const JWKS_INTERVAL_MS = 30 * 1000;

/** Timeout for fetching the issuer's keys, and their maximum size. */
export const JWKS_TIMEOUT_MS = 5000;
export const MAX_JWKS_BYTES = 256 * 1024;

/** How often a request checks whether another request's fetch of the keys has finished. */
export const JWKS_POLL_MS = 20;

/** Maximum number of keys tried for a token that does not identify its key. */
export const MAX_KEYS_TRIED = 10;

/** Maximum number of verified tokens cached per isolate. */
export const MAX_VERIFIED_TOKENS = 1000;

/** The last second of the year 9999. A later `exp` is invalid, probably given in milliseconds. */
export const MAX_TOKEN_EXPIRY_SECONDS = 253_402_300_799;

/** Maximum length of a token's subject (OpenID Connect Core, section 2). */
export const MAX_SUBJECT_LENGTH = 255;

/** Maximum number of principal hashes cached per isolate. */
export const MAX_KNOWN_PRINCIPALS = 1000;
