import { MAX_KNOWN_PRINCIPALS } from "../constants.ts";
import { ANONYMOUS, type Principal } from "../session/session-context.ts";
import { OPERATOR } from "./admin-gate.ts";

const known = new Map<Principal, string>();

/**
 * A principal as the log shows it: the first 12 hex digits of its SHA-256, the same in every line and deployment.
 * Whoever knows a principal can compute it and find its lines; from the line alone nobody learns a name or a subject.
 */
export async function principalHash(principal: Principal): Promise<string> {
  // Nobody in particular, and more useful as a word.
  if (principal === ANONYMOUS || principal === OPERATOR.principal) return principal;
  let hash = known.get(principal);
  if (hash === undefined) {
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(principal));
    hash = [...new Uint8Array(digest, 0, 6)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    if (known.size >= MAX_KNOWN_PRINCIPALS) known.clear();
    known.set(principal, hash);
  }
  return hash;
}
