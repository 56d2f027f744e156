/** Limits of the model. Units are in the names. */

/** Longest path that a context stores, in bytes of UTF-8 (Linux's PATH_MAX). */
export const MAX_PATH_BYTES = 4096;
