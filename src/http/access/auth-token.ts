import { fail, ok } from "../../model/failure.ts";
import type { TokenAuth } from "../../settings/auth-config.ts";
import type { Verifier } from "./verifier.ts";

/**
 * Verifies static tokens. Only their hashes are stored, so a leaked secret does not reveal them, and they are looked up
 * by hash, so timing does not reveal how close a guess was. A token is valid until it is removed from the secret.
 */
export function createTokenVerifier({ grants }: Pick<TokenAuth, "grants">): Verifier {
  return async (token) => {
    const grant = grants.get(await sha256Hex(token));
    if (grant === undefined) return fail({ kind: "token_unknown" });
    // The prefix keeps a token named "anonymous" from getting that principal.
    return ok({ principal: `token:${grant.principal}`, scopes: grant.scopes });
  };
}

export async function sha256Hex(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
