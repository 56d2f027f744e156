/** Makes static tokens and the text of the secret AUTH_TOKENS. Only hashes go into that text. */

import { authVars } from "../../src/settings/auth-config.ts";

export interface NewToken {
  /** Goes to the client; it cannot be recovered afterwards. */
  readonly token: string;
  /** The new entry only. */
  readonly entry: string;
  /** The text to store: the existing entries and the new one. */
  readonly secret: string;
}

/**
 * Creates a random token of 256 bits, and AUTH_TOKENS with it added.
 * @throws Error if `existing` is not the text of such a secret, or if a name or scope cannot be stored.
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

/** The server's own validation, except that the list may be empty. */
function check(secret: string): void {
  const parsed = authVars.AUTH_TOKENS.safeParse(secret);
  if (!parsed.success) throw new Error(`AUTH_TOKENS ${parsed.error.issues[0]?.message}`);
}
