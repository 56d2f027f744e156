import {
  createLocalJWKSet,
  decodeProtectedHeader,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import { MAX_KEYS_TRIED } from "./limits.ts";

/** jose makes this error iterable over the matching keys; its types do not declare it. */
type Candidates = errors.JWKSMultipleMatchingKeys & AsyncIterable<CryptoKey>;

/** The keys that an issuer has published. */
export class KeySet {
  readonly #all: JWTVerifyGetKey;
  readonly #unnamed: JWTVerifyGetKey;
  readonly #names: ReadonlySet<unknown>;

  /** @throws JWKSInvalid if `jwks` is not a key set. */
  constructor(
    jwks: unknown,
    readonly fetchedAt: number,
  ) {
    this.#all = createLocalJWKSet(jwks as JSONWebKeySet);
    const { keys } = jwks as JSONWebKeySet;
    const unnamed = createLocalJWKSet({ keys: keys.filter(({ kid }) => typeof kid !== "string") });
    // A key without an id may match any key id in a token.
    this.#unnamed = ({ alg }) => unnamed({ alg });
    this.#names = new Set(keys.map(({ kid }) => kid).filter((kid) => typeof kid === "string"));
  }

  /**
   * Verifies a token with the key that its key id selects. If the token or the keys have no ids, tries all keys for its
   * algorithm.
   * @throws errors.JWKSNoMatchingKey if no key of the set can have signed it; else what `jwtVerify` throws.
   */
  async verify(token: string, options: JWTVerifyOptions): Promise<JWTPayload> {
    const { kid } = decodeProtectedHeader(token);
    const isNamed = this.#names.has(kid);
    try {
      return await verifyWithAny(token, kid === undefined || isNamed ? this.#all : this.#unnamed, options);
    } catch (error) {
      if (!isNamed && error instanceof errors.JWSSignatureVerificationFailed) throw new errors.JWKSNoMatchingKey();
      throw error;
    }
  }
}

async function verifyWithAny(token: string, keys: JWTVerifyGetKey, options: JWTVerifyOptions): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, keys, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let tried = 0;
    for await (const key of error as Candidates) {
      // Each try costs a signature check, and anyone can send a token without a key id.
      if (tried++ === MAX_KEYS_TRIED) break;
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (reason) {
        // A plain error means a weak key; another key may still match.
        if (reason instanceof errors.JOSEError && !(reason instanceof errors.JWSSignatureVerificationFailed)) {
          throw reason;
        }
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
