/** Limits and time-outs of this room. Units are in the names. */

/** Longest path that a context keeps, in bytes of UTF-8 (Linux's PATH_MAX). */
export const MAX_PATH_BYTES = 4096;
