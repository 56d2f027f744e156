/** Makes static tokens and the text of the secret AUTH_TOKENS. Only hashes go into that text. */

import { authVars } from "../../src/settings/auth-config.ts";

export interface NewToken {
  /** To be given to the client; nobody can read it from anywhere afterwards. */
  readonly token: string;
  /** The new entry alone. */
  readonly entry: string;
  /** What to store: the entries that were there, and the new one. */
  readonly secret: string;
}

/**
 * A new random token of 256 bits, and AUTH_TOKENS with it added.
 * @throws Error if `existing` is not the text of such a secret or a name or scope cannot be stored.
 */
export async function createToken(principal: string, scopes: readonly string[], existing = "{}"): Promise<NewToken> {
  const token = `mst_${Buffer.from(crypto.getRandomValues(new Uint8Array(32))).toString("base64url")}`;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  const entry = { [Buffer.from(digest).toString("hex")]: { principal, scopes } };
  if (existing.trim() !== "") check(existing);
  const before = existing.trim() === "" ? {} : JSON.parse(existing);
  const secret = JSON.stringify({ ...before, ...entry });
  check(secret);
  return { token, entry: JSON.stringify(entry), secret };
}

/** The server's own check, except that there may be no entry yet. */
function check(secret: string): void {
  const parsed = authVars.AUTH_TOKENS.safeParse(secret);
  if (!parsed.success) throw new Error(`AUTH_TOKENS ${parsed.error.issues[0]?.message}`);
}
