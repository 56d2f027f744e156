import { OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import type { JwtAuth } from "../auth-config.ts";
import {
  JWKS_COOLDOWN_MS,
  JWKS_MAX_AGE_MS,
  JWKS_RETRY_AFTER_MS,
  JWKS_TIMEOUT_MS,
  MAX_SUBJECT_LENGTH,
} from "../constants.ts";
import type { Logger } from "../log.ts";
import type { Verifier } from "./identity.ts";

/** The issuer's keys could not be fetched or used, so no token can be called good or bad. */
export class KeysUnavailable extends Error {}

/** One per URL, for as long as the isolate lives: the keys are shared by all requests. */
const keySets = new Map<string, JWTVerifyGetKey>();

/** Tokens of an OAuth 2 issuer, checked against its published keys. */
export function createJwtVerifier(auth: JwtAuth, log: Logger): Verifier {
  const keys = keySets.get(auth.jwksUrl) ?? createKeySet(auth.jwksUrl);
  keySets.set(auth.jwksUrl, keys);
  return async (token) => {
    const claims = await verified(token, keys, auth);
    const scopes = scopesOf(claims, auth);
    if (scopes === null) log("warn", "token_without_scopes", { message: "Set JWT_DEFAULT_SCOPES or JWT_SCOPE_CLAIMS" });
    return {
      token: "",
      clientId: text(claims.client_id) ?? text(claims.azp) ?? "",
      scopes: [...(scopes ?? auth.defaultScopes)],
      // The SDK compares once more, without tolerance. `exp` is a required claim.
      expiresAt: Number(claims.exp) + auth.clockToleranceSeconds,
      extra: { principal: principalOf(auth.issuer, claims.sub) },
    };
  };
}

async function verified(token: string, keys: JWTVerifyGetKey, auth: JwtAuth): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      algorithms: [...auth.algorithms],
      issuer: auth.issuer,
      audience: [...auth.audiences],
      clockTolerance: auth.clockToleranceSeconds,
      requiredClaims: ["exp", "sub"],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JOSEError) throw new OAuthError(OAuthErrorCode.InvalidToken, wordsFor(error));
    if (error instanceof KeysUnavailable) throw error;
    // jose throws plain errors for keys that it will not use, such as RSA below 2048 bits.
    throw new KeysUnavailable(`A key of ${auth.jwksUrl} cannot be used: ${String(error)}`);
  }
}

/** What a client may know about why its token is refused. Says nothing of a claim before the signature holds. */
function wordsFor(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return "Token has expired";
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "nbf") return "Token is not valid yet";
    if (error.claim === "aud") return 'Token is not meant for this server (claim "aud")';
    if (error.claim === "iss") return 'Token is not of this server\'s issuer (claim "iss")';
    return `Token has no acceptable claim "${error.claim}"`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return "Token is signed with an algorithm that is not accepted here";
  if (error instanceof errors.JWKSNoMatchingKey) return "Token is signed with a key that its issuer does not publish";
  if (error instanceof errors.JWKSMultipleMatchingKeys) return "Token does not name the key that it is signed with";
  if (error instanceof errors.JWSSignatureVerificationFailed) return "Token has a wrong signature";
  return "Token is not a signed JWT that can be read here";
}

/**
 * `issuer|subject`. An issuer is a URL and holds no `|`, so the first one parts the two beyond doubt, and no such
 * principal is `anonymous` or begins with `token:`.
 */
export function principalOf(issuer: string, subject: unknown): string {
  // Two subjects that differ only in half a surrogate pair would be stored as the same bytes.
  if (typeof subject !== "string" || subject === "" || subject.length > MAX_SUBJECT_LENGTH || !subject.isWellFormed()) {
    throw new OAuthError(
      OAuthErrorCode.InvalidToken,
      `Token must have a subject (claim "sub") of 1 to ${MAX_SUBJECT_LENGTH} characters`,
    );
  }
  return `${issuer}|${subject}`;
}

/** All scopes that the claims list, as text with spaces or as an array; null without any such claim. */
export function scopesOf(claims: JWTPayload, { scopeClaims }: Pick<JwtAuth, "scopeClaims">): readonly string[] | null {
  const present = scopeClaims.flatMap((name) => (Object.hasOwn(claims, name) ? [claims[name]] : []));
  if (present.length === 0) return null;
  return present.flatMap((value) =>
    typeof value === "string"
      ? value.split(" ").filter((scope) => scope !== "")
      : Array.isArray(value)
        ? value.filter((scope) => typeof scope === "string")
        : [],
  );
}

/** The published keys. jose keeps them, fetches anew for an unknown key id, and never awaits another request's fetch. */
function createKeySet(url: string): JWTVerifyGetKey {
  const keys = createRemoteJWKSet(new URL(url), {
    cacheMaxAge: JWKS_MAX_AGE_MS,
    cooldownDuration: JWKS_COOLDOWN_MS,
    timeoutDuration: JWKS_TIMEOUT_MS,
  });
  let failedAt = Number.NEGATIVE_INFINITY;
  return async (header, token) => {
    // An issuer that is down must not get a request for each of ours.
    if (!keys.fresh && Date.now() < failedAt + JWKS_RETRY_AFTER_MS) {
      throw new KeysUnavailable(`${url} has failed a moment ago`);
    }
    try {
      return await keys(header, token);
    } catch (error) {
      const isTokensFault =
        error instanceof errors.JWKSNoMatchingKey ||
        error instanceof errors.JWKSMultipleMatchingKeys ||
        error instanceof errors.JOSENotSupported;
      if (isTokensFault) throw error;
      failedAt = Date.now();
      throw new KeysUnavailable(`${url}: ${String(error)}`);
    }
  };
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);
