/** Who opened a session: issuer and subject of a verified token, or `anonymous`. */
export type Principal = string;

/** The principal of every caller that presents no token. */
export const ANONYMOUS: Principal = "anonymous";

/** What the principals of services begin with. No token's does: verified ones name their issuer. */
const SERVICE_PREFIX = "service:";

/** The principal of another Worker that calls over a service binding. */
export const servicePrincipal = (service: string): Principal => SERVICE_PREFIX + service;

/**
 * Whether this principal stands for many callers that know nothing of each other: its sessions are told apart by their ids
 * alone, so each has its own catalog, none is listed, and no quota lumps them together.
 */
export const isShared = (principal: Principal): boolean =>
  principal === ANONYMOUS || principal.startsWith(SERVICE_PREFIX);

/** The principal of whoever has the operator key. No token yields it: theirs have a prefix or an issuer. */
export const OPERATOR: Principal = "operator";
