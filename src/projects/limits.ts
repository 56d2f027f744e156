/** Limits and time-outs of this room. Units are in the names. */

/** Largest project config, in bytes of UTF-8. */
export const MAX_CONFIG_BYTES = 64 * 1024;

/** Deepest nesting of a project config: what is stored and sent on must not exhaust the stack of whoever reads it. */
export const MAX_CONFIG_DEPTH = 32;

/** How many directories a discovery looks in, the working directory included. */
export const MAX_DISCOVERY_DIRECTORIES = 20;

export const MAX_PROJECTS_PER_CATALOG = 1000;

/** All projects of a catalog together: configs, paths, names and ids, in bytes of UTF-8. */
export const MAX_CATALOG_BYTES = 2 * 1024 * 1024;

/** Most projects on one page of a list. */
export const MAX_PROJECTS_PER_PAGE = 100;

/** How many projects an error lists, be they near to a name or of the same name. */
export const MAX_PROJECTS_IN_ERROR = 5;

/** How long a call waits for the catalog of its principal before the project counts as unknown. */
export const CATALOG_CALL_TIMEOUT_MS = 3000;
