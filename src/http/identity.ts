import type { AuthInfo } from "@modelcontextprotocol/server";
import type { Principal } from "../session/session-context.ts";

/** Who calls, as far as HTTP can tell. */
export interface Identity {
  readonly principal: Principal;
  readonly scopes: readonly string[];
}

/** What a verifier makes of a token: the SDK's record, with the principal beside it. */
export interface VerifiedToken extends AuthInfo {
  readonly extra: { readonly principal: Principal };
}

/**
 * Checks a token.
 * @throws OAuthError if it must not pass, KeysUnavailable if that cannot be told right now.
 */
export type Verifier = (token: string) => Promise<VerifiedToken>;
