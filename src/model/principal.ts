/** Who opened a session: issuer and subject of a verified token, or `anonymous`. */
export type Principal = string;

/** The principal of every caller that presents no token. */
export const ANONYMOUS: Principal = "anonymous";

/** The prefix of service principals. No token yields it: token principals begin with an issuer or `token:`. */
const SERVICE_PREFIX = "service:";

/** The principal of another Worker that calls over a service binding. */
export const servicePrincipal = (service: string): Principal => SERVICE_PREFIX + service;

/**
 * Whether many unrelated callers share this principal. Only the session id separates their sessions, so each session has its own
 * catalog, sessions are not listed, and no quota applies.
 */
export const isShared = (principal: Principal): boolean =>
  principal === ANONYMOUS || principal.startsWith(SERVICE_PREFIX);

/** The principal of callers with the operator key. No token yields it: token principals begin with an issuer or `token:`. */
export const OPERATOR: Principal = "operator";
