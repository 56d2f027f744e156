/** Limits and time-outs of this room. Units are in the names. */

/** Most messages in one batch (2025-03-26): each may cost calls to objects, and all run at once. */
export const MAX_BATCH_MESSAGES = 20;

/** Names of tools that one isolate learns from a server's answers. */
export const MAX_KNOWN_TOOLS = 200;

/** Modern envelopes that one isolate remembers as accepted, and how long one may be, in UTF-16 code units. */
export const MAX_KNOWN_ENVELOPES = 500;
export const MAX_KNOWN_ENVELOPE_LENGTH = 4096;

/** Answers that one isolate remembers to give again, and how long the request to one may be, in UTF-16 code units. */
export const MAX_KNOWN_ANSWERS = 250;
export const MAX_KNOWN_REQUEST_LENGTH = 4096;

/** All answers to a batch together. */
export const MAX_BATCH_ANSWER_BYTES = 1024 * 1024;
