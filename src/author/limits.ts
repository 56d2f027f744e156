/** Limits and time-outs of this room. Units are in the names. */

/** Longest client name that a context keeps, in UTF-16 code units. */
export const MAX_CLIENT_LENGTH = 200;

/** How often an update of a state value is tried if other calls change the value meanwhile. */
export const STATE_UPDATE_TRIES = 10;

/** How many unknown arguments of a call a result names. */
export const MAX_ARGUMENTS_IN_TEXT = 5;
