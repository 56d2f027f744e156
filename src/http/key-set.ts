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
import { MAX_KEYS_TRIED } from "../constants.ts";

/** jose adds the keys that fit to this error; its types do not say so. */
type Candidates = errors.JWKSMultipleMatchingKeys & AsyncIterable<CryptoKey>;

/** The keys that an issuer has published. */
export class KeySet {
  readonly #all: JWTVerifyGetKey;
  readonly #unnamed: JWTVerifyGetKey;
  readonly #names: ReadonlySet<unknown>;

  /** @throws JWKSInvalid if this is no key set. */
  constructor(
    jwks: unknown,
    readonly fetchedAt: number,
  ) {
    this.#all = createLocalJWKSet(jwks as JSONWebKeySet);
    const { keys } = jwks as JSONWebKeySet;
    const unnamed = createLocalJWKSet({ keys: keys.filter(({ kid }) => typeof kid !== "string") });
    // A key without an id may be the one that the token means, whatever the token calls it.
    this.#unnamed = ({ alg }) => unnamed({ alg });
    this.#names = new Set(keys.map(({ kid }) => kid).filter((kid) => typeof kid === "string"));
  }

  /**
   * Verifies a token with the key that it names. Where token or keys have no ids, any key of its algorithm will do.
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
      // Each costs a signature, and anyone can send a token that names no key.
      if (tried++ === MAX_KEYS_TRIED) break;
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (reason) {
        // Plain errors are about a weak key; another one may still fit.
        if (reason instanceof errors.JOSEError && !(reason instanceof errors.JWSSignatureVerificationFailed)) {
          throw reason;
        }
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
}
