/** Limits of the RPC interface. Units are in the names. */

/** Longest session id that a service may choose, in bytes of UTF-8. */
export const MAX_SERVICE_SESSION_ID_BYTES = 512;
