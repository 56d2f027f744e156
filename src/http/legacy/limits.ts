/** Limits and time-outs of this room. Units are in the names. */

/** All answers to a batch together. */
export const MAX_BATCH_ANSWER_BYTES = 1024 * 1024;
