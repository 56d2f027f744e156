/** What a token may allow: `sessions` is for the tools, `admin` for the figures and pages of the whole server. */
export type Scope = "sessions" | "admin";

export const SCOPES = ["sessions", "admin"] as const satisfies readonly Scope[];

/** Whether a caller's token allows `scope`. None implies another. */
export const hasScope = (caller: { readonly scopes: readonly string[] }, scope: Scope): boolean =>
  caller.scopes.includes(scope);
