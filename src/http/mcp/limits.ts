/** Limits of the MCP route. Units are in the names. */

/** Maximum number of messages in a batch (2025-03-26). Each may call Durable Objects, and all run at once. */
export const MAX_BATCH_MESSAGES = 20;

/** Maximum number of tool names that one isolate learns from a server's answers. */
export const MAX_KNOWN_TOOLS = 200;

/** Maximum number of accepted modern envelopes cached per isolate, and maximum length of each in UTF-16 code units. */
export const MAX_KNOWN_ENVELOPES = 500;
export const MAX_KNOWN_ENVELOPE_LENGTH = 4096;

/** Maximum number of answers cached per isolate, and maximum length of their requests in UTF-16 code units. */
export const MAX_KNOWN_ANSWERS = 250;
export const MAX_KNOWN_REQUEST_LENGTH = 4096;

/** Maximum total size of the answers to a batch. */
export const MAX_BATCH_ANSWER_BYTES = 1024 * 1024;
