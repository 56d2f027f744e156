/** What a token may allow: `sessions` is for the tools, `admin` for the figures and pages of the whole server. */
export type Scope = "sessions" | "admin";

export const SCOPES: readonly Scope[] = ["sessions", "admin"];

/** Scopes that clients are told to ask users for. They ask for all of these, so none that few users need. */
export const PUBLISHED_SCOPES: readonly Scope[] = ["sessions"];

/** Whether a caller's token allows `scope`. None implies another. */
export const hasScope = (caller: { readonly scopes: readonly string[] }, scope: Scope): boolean =>
  caller.scopes.includes(scope);

/** One scope as OAuth writes it (RFC 6749, section 3.3). */
export const SCOPE_PATTERN = /^[\x21\x23-\x5b\x5d-\x7e]+$/;
