import { MAX_VERIFIED_TOKENS } from "../constants.ts";
import type { Identity } from "./identity.ts";
import type { KeySet } from "./key-set.ts";

/**
 * Tokens that one verifier has accepted, by their hash. They are tied to the keys that verified them: when other keys are
 * fetched they are all dropped, so that a withdrawn key takes its tokens along.
 */
export class VerifiedTokens {
  readonly #accepted = new Map<string, { readonly identity: Identity; readonly expiresAtMs: number }>();
  #keys: KeySet | null = null;

  /** The caller, if the token was accepted with these keys and has not expired. */
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
