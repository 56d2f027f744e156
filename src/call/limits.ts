/** Limits and time-outs of this room. Units are in the names. */

/** A page of a list, as the answer's JSON. */
export const MAX_PAGE_BYTES = 64 * 1024;

/** The period of both rate limiters in wrangler.toml, which a Worker cannot read: what Retry-After says. */
export const RATE_LIMIT_PERIOD_SECONDS = 60;

/** Sessions on one page of `list_sessions`; each costs a call to its object. */
export const LIST_PAGE = 20;
