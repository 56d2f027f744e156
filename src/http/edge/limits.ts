/** Limits of the HTTP edge. Units are in the names. */

/** Maximum size of a request body to `/mcp`. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Maximum length of a request URL, in characters. No route needs a long one. */
export const MAX_URL_LENGTH = 4096;

/**
 * Maximum total length of all request headers, names and values, in characters. A token with many groups takes a few
 * thousand.
 */
export const MAX_HEADERS_LENGTH = 32 * 1024;

/**
 * Maximum nesting depth of arrays and objects in a message. Validators recurse: without a limit, a body of nested
 * brackets overflows the stack.
 */
export const MAX_JSON_DEPTH = 64;
