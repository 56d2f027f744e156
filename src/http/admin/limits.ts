/** Limits of the admin routes. Units are in the names. */

/** How long the status page and `/readyz` reuse a health check of the registry. */
export const HEALTH_MAX_AGE_MS = 15_000;
