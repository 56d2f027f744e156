import { decodeProtectedHeader, errors, type JWTPayload } from "jose";
import type { Logger } from "../../base/log.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import { type JwtAuth, normalizeTokenType } from "../../settings/auth-config.ts";
import type { AccessFailure, TokenFailure } from "./access-failure.ts";
import { sha256Hex } from "./auth-token.ts";
import type { Identity } from "./identity.ts";
import { issuerKeys } from "./issuer-keys.ts";
import type { KeySet } from "./key-set.ts";
import { MAX_SUBJECT_LENGTH, MAX_TOKEN_EXPIRY_SECONDS } from "./limits.ts";
import { VerifiedTokens } from "./verified-tokens.ts";
import type { Verifier } from "./verifier.ts";

interface VerifiedToken extends Identity {
  readonly expiresAtMs: number;
}

/** Verifies tokens of an OAuth 2 issuer against its published keys. */
export function createJwtVerifier(auth: JwtAuth, log: Logger): Verifier {
  const keys = issuerKeys(auth.jwksUrl, log);
  const accepted = new VerifiedTokens();

  return async (token, chargeAddress) => {
    const hash = await sha256Hex(token);
    // Cached tokens are exempt from the address limit, so an abuser does not affect them at a shared address.
    const ready = keys.ready();
    const known = ready && accepted.recall(ready, hash, Date.now());
    if (known !== null) return ok(known);
    if (!(await chargeAddress())) return fail({ kind: "rate_limited" });

    const fault = headerFault(token, auth);
    if (fault !== null) return fail(fault);
    let set = await keys.current();
    if (set === null) return unavailable();
    let verified = await verify(token, set);
    if (!verified.ok && verified.failure.kind === "token_unknown_key") {
      const newer = await keys.newerThan(set);
      if (newer !== null) {
        set = newer;
        verified = await verify(token, newer);
      }
    }
    if (!verified.ok) return verified;
    const { principal, scopes, expiresAtMs } = verified.value;
    accepted.remember(set, hash, { principal, scopes }, expiresAtMs);
    return ok({ principal, scopes });
  };

  async function verify(token: string, set: KeySet): Promise<Result<VerifiedToken, AccessFailure>> {
    let claims: JWTPayload;
    try {
      claims = await set.verify(token, {
        algorithms: [...auth.algorithms],
        issuer: auth.issuer,
        audience: auth.audiences.flatMap(withAndWithoutSlash),
        clockTolerance: auth.clockToleranceSeconds,
        requiredClaims: ["exp", "sub"],
      });
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSInvalid)) return fail(failureOf(error));
      // jose throws plain errors for keys that it refuses to use.
      keys.reportUnusable(set, error);
      return unavailable();
    }
    const fault = claimsFault(claims);
    if (fault !== null) return fail(fault);
    const scopes = scopesOf(claims, auth);
    if (scopes === null) log("warn", "token_without_scopes", { message: "Set JWT_DEFAULT_SCOPES or JWT_SCOPE_CLAIMS" });
    return ok({
      principal: principalOf(auth.issuer, String(claims.sub)),
      scopes: scopes ?? auth.defaultScopes,
      expiresAtMs: (Number(claims.exp) + auth.clockToleranceSeconds) * 1000,
    });
  }

  function unavailable(): { readonly ok: false; readonly failure: AccessFailure } {
    return fail({ kind: "keys_unavailable", retryAfterSeconds: keys.retryAfterSeconds() });
  }
}

/** Rejects a token by its header alone, before fetching a key. Null if the header is acceptable. */
function headerFault(token: string, auth: JwtAuth): TokenFailure | null {
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    return { kind: "token_malformed" };
  }
  const { typ = "none", alg } = header;
  if (typeof typ !== "string" || !auth.types.includes(normalizeTokenType(typ))) return { kind: "token_type", typ };
  return auth.algorithms.includes(String(alg)) ? null : { kind: "token_algorithm", alg };
}

/** Checks the claims of a token with a valid signature, beyond what jose checks. Null if they are valid. */
function claimsFault({ exp, sub, events }: JWTPayload): TokenFailure | null {
  // Logout tokens and other security events (RFC 8417) have this claim, even if their type does not say so.
  if (typeof events === "object" && events !== null) return { kind: "token_type", typ: "security event" };
  if (exp === undefined || exp > MAX_TOKEN_EXPIRY_SECONDS) return { kind: "token_expiry_invalid", exp: Number(exp) };
  // Subjects that differ only in an unpaired surrogate would be stored as the same bytes.
  return typeof sub === "string" && sub !== "" && sub.length <= MAX_SUBJECT_LENGTH && sub.isWellFormed()
    ? null
    : { kind: "token_subject" };
}

function failureOf(error: errors.JOSEError): TokenFailure {
  if (error instanceof errors.JWTExpired) return { kind: "token_expired" };
  if (error instanceof errors.JWTClaimValidationFailed) {
    if (error.claim === "nbf" && error.reason === "check_failed") return { kind: "token_not_yet_valid" };
    if (error.claim === "aud") return { kind: "token_audience" };
    if (error.claim === "iss") return { kind: "token_issuer" };
    return { kind: "token_claim", claim: error.claim };
  }
  if (error instanceof errors.JWKSNoMatchingKey) return { kind: "token_unknown_key" };
  if (error instanceof errors.JWSSignatureVerificationFailed) return { kind: "token_signature" };
  return { kind: "token_malformed" };
}

/** Issuers and clients disagree about trailing slashes in URLs. */
const withAndWithoutSlash = (audience: string): string[] =>
  /^https?:/i.test(audience) ? [audience, audience.endsWith("/") ? audience.slice(0, -1) : `${audience}/`] : [audience];

/**
 * `issuer|subject`. An issuer is a URL and cannot contain `|`, so the first one is always the separator, and no such
 * principal is `anonymous` or begins with `token:`.
 */
export const principalOf = (issuer: string, subject: string): string => `${issuer}|${subject}`;

/** All scopes in the scope claims, each a space-separated string or an array; null if the token has no such claim. */
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
