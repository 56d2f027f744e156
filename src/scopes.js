export const SCOPES = ["sessions", "admin"];
/** Whether a caller's token allows `scope`. None implies another. */
export const hasScope = (caller, scope) => caller.scopes.includes(scope);
/** One scope as OAuth writes it (RFC 6749, section 3.3). */
export const SCOPE_PATTERN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
