/** Limits and time-outs of this room. Units are in the names. */

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

/** Principals whose hash for the log one isolate remembers. */
export const MAX_KNOWN_PRINCIPALS = 1000;
