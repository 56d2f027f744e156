import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import type { TokenAuth } from "../auth-config.ts";
import type { Verifier } from "./identity.ts";

/**
 * Static tokens. Only their hashes are stored, so the secret's text opens nothing; and they are looked up by hash, so the
 * time that takes tells nothing about how near a guess was.
 */
export function createTokenVerifier({ grants }: Pick<TokenAuth, "grants">): Verifier {
  return async (token) => {
    const grant = grants.get(await sha256Hex(token));
    if (grant === undefined) {
      throw new OAuthError(OAuthErrorCode.InvalidToken, "Token is not known to this server, or was withdrawn");
    }
    return {
      token: "",
      clientId: grant.principal,
      scopes: [...grant.scopes],
      // They are valid until they are taken out of the secret. The SDK wants a date.
      expiresAt: Number.MAX_SAFE_INTEGER,
      // The prefix keeps a name such as "anonymous" from being that principal.
      extra: { principal: `token:${grant.principal}` },
    };
  };
}

async function sha256Hex(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
