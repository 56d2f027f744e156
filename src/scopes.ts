/** What a token may allow: `sessions` is for the tools, `admin` for the figures and pages of the whole server. */
export type Scope = "sessions" | "admin";

export const SCOPES = ["sessions", "admin"] as const satisfies readonly Scope[];

/** Scopes that clients are told to ask users for. They ask for all of these, so none that few users need. */
export const PUBLISHED_SCOPES: readonly Scope[] = ["sessions"];

/** Whether a caller's token allows `scope`. None implies another. */
export const hasScope = (caller: { readonly scopes: readonly string[] }, scope: Scope): boolean =>
  caller.scopes.includes(scope);
