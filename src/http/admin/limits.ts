/** Limits and time-outs of this room. Units are in the names. */

/** How long the status page and `/readyz` give the same answer about the registry. */
export const HEALTH_MAX_AGE_MS = 15_000;
