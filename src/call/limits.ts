/** Limits of this folder. Units are in the names. */

/** Maximum size of one page of a list, as JSON. */
export const MAX_PAGE_BYTES = 64 * 1024;

/** The period of both rate limiters in wrangler.toml, used for Retry-After. A Worker cannot read it from the binding. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/** Sessions per page of `list_sessions`; each costs one call to its object. */
export const LIST_PAGE = 20;
