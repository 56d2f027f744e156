/** Limits and timeouts of projects. Units are in the names. */

/** Largest project config, in bytes of UTF-8. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** Deepest nesting of a project config, so that reading a stored config cannot exhaust the stack. */
export const MAX_CONFIG_DEPTH = 32;

/** How many directories a discovery searches, including the working directory. */
export const MAX_DISCOVERY_DIRECTORIES = 20;

export const MAX_PROJECTS_PER_CATALOG = 1000;

/** Largest total size of a catalog's projects: configs, paths, names and ids, in bytes of UTF-8. */
export const MAX_CATALOG_BYTES = 2 * 1024 * 1024;

/** Most projects on one page of a list. */
export const MAX_PROJECTS_PER_PAGE = 100;

/** How many near matches, or projects of the same name, an error lists. */
export const MAX_PROJECTS_IN_ERROR = 5;

/** How long a call waits for the catalog of its principal before the project counts as unknown. */
export const CATALOG_CALL_TIMEOUT_MS = 3000;
