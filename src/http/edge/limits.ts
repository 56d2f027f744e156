/** Limits and time-outs of this room. Units are in the names. */

/** Largest request body that `/mcp` reads. */
export const MAX_BODY_BYTES = 256 * 1024;

/** Longest request URL, in characters; nothing here needs a long one. */
export const MAX_URL_LENGTH = 4096;

/** All request headers together, names and values, in characters. A token full of groups is a few thousand. */
export const MAX_HEADERS_LENGTH = 32 * 1024;

/** How deep arrays and objects of a message may nest. Validators recurse: without a limit a body of brackets ends the stack. */
export const MAX_JSON_DEPTH = 64;
