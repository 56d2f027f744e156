/** What a token may allow: `sessions` is for the tools, `admin` for the metrics and pages of the whole server. */
export type Scope = "sessions" | "admin";

export const SCOPES = ["sessions", "admin"] as const satisfies readonly Scope[];

/** Scopes that clients are told to request. They request all of them, so scopes that few users need are not published. */
export const PUBLISHED_SCOPES: readonly Scope[] = ["sessions"];

/** Whether a caller's token allows `scope`. No scope implies another. */
export const hasScope = (caller: { readonly scopes: readonly string[] }, scope: Scope): boolean =>
  caller.scopes.includes(scope);
