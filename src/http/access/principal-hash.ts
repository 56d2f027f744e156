import { ANONYMOUS, OPERATOR, type Principal } from "../../model/principal.ts";
import { MAX_KNOWN_PRINCIPALS } from "./limits.ts";

const known = new Map<Principal, string>();

/**
 * A principal's label for the log: the first 12 hex digits of its SHA-256, the same in every line and deployment.
 * Someone who knows a principal can compute the hash and find its lines; the hash alone reveals no name or subject.
 */
export async function principalHash(principal: Principal): Promise<string> {
  // These identify no person and are more useful as words.
  if (principal === ANONYMOUS || principal === OPERATOR) return principal;
  let hash = known.get(principal);
  if (hash === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(principal));
    hash = [...new Uint8Array(digest, 0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (known.size >= MAX_KNOWN_PRINCIPALS) known.clear();
    known.set(principal, hash);
  }
  return hash;
}
