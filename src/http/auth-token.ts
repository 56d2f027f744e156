import type { TokenAuth } from "../auth-config.ts";
import { fail, ok } from "../failure.ts";
import type { Verifier } from "./identity.ts";

/**
 * Static tokens. Only their hashes are stored, so the secret's text opens nothing; and they are looked up by hash, so the
 * time that takes tells nothing about how near a guess was. They are valid until they are taken out of the secret.
 */
export function createTokenVerifier({ grants }: Pick<TokenAuth, "grants">): Verifier {
  return async (token) => {
    const grant = grants.get(await sha256Hex(token));
    if (grant === undefined) return fail({ kind: "token_unknown" });
    // The prefix keeps a name such as "anonymous" from being that principal.
    return ok({ principal: `token:${grant.principal}`, scopes: grant.scopes });
  };
}

export async function sha256Hex(text: string): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text)));
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
