/** Limits of tools and typed state. Units are in the names. */

/** Longest client name that a context stores, in UTF-16 code units. */
export const MAX_CLIENT_LENGTH = 200;

/** How many times an update of a state value is tried if other calls change the value meanwhile. */
export const STATE_UPDATE_TRIES = 10;

/** How many unknown arguments of a call a result lists. */
export const MAX_ARGUMENTS_IN_TEXT = 5;
