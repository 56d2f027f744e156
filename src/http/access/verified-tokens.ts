import type { Identity } from "./identity.ts";
import type { KeySet } from "./key-set.ts";
import { MAX_VERIFIED_TOKENS } from "./limits.ts";

/**
 * Cache of the tokens that a verifier has accepted, keyed by hash. It belongs to the key set that verified them and is
 * cleared when another set is used, so that withdrawing a key also invalidates its tokens.
 */
export class VerifiedTokens {
  readonly #accepted = new Map<string, { readonly identity: Identity; readonly expiresAtMs: number }>();
  #keys: KeySet | null = null;

  /** The caller's identity, if the token was accepted with these keys and has not expired; else null. */
  recall(keys: KeySet, hash: string, now: number): Identity | null {
    const accepted = keys === this.#keys ? this.#accepted.get(hash) : undefined;
    return accepted !== undefined && now < accepted.expiresAtMs ? accepted.identity : null;
  }

  remember(keys: KeySet, hash: string, identity: Identity, expiresAtMs: number): void {
    if (keys !== this.#keys) {
      this.#accepted.clear();
      this.#keys = keys;
    }
    const [oldest] = this.#accepted.keys();
    if (oldest !== undefined && this.#accepted.size >= MAX_VERIFIED_TOKENS) this.#accepted.delete(oldest);
    this.#accepted.set(hash, { identity, expiresAtMs });
  }
}
