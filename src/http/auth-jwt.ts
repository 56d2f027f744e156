import { decodeProtectedHeader, errors, type JWTPayload } from "jose";
import { type JwtAuth, normalizeTokenType } from "../auth-config.ts";
import { MAX_SUBJECT_LENGTH, MAX_TOKEN_EXPIRY_SECONDS } from "../constants.ts";
import { fail, ok, type Result } from "../failure.ts";
import type { Logger } from "../log.ts";
import type { AccessFailure, TokenFailure } from "./access-failure.ts";
import { sha256Hex } from "./auth-token.ts";
import type { Identity, Verifier } from "./identity.ts";
import { issuerKeys } from "./issuer-keys.ts";
import type { KeySet } from "./key-set.ts";
import { VerifiedTokens } from "./verified-tokens.ts";

interface VerifiedToken extends Identity {
  readonly expiresAtMs: number;
}

/** Tokens of an OAuth 2 issuer, checked against its published keys. */
export function createJwtVerifier(auth: JwtAuth, log: Logger): Verifier {
  const keys = issuerKeys(auth.jwksUrl, log);
  const accepted = new VerifiedTokens();

  return async (token, chargeAddress) => {
    const hash = await sha256Hex(token);
    // Good callers behind one address do not pay for it with each request, nor for a bad one among them.
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
      // jose throws plain errors for keys that it will not use.
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

/** What a token's header is enough to refuse, before any key is needed. */
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

/** What is wrong with the claims of a token whose signature holds, beyond what jose checks. */
function claimsFault({ exp, sub, events }: JWTPayload): TokenFailure | null {
  // Logout tokens and other security events (RFC 8417) have this claim, also those that do not say so in their type.
  if (typeof events === "object" && events !== null) return { kind: "token_type", typ: "security event" };
  if (exp === undefined || exp > MAX_TOKEN_EXPIRY_SECONDS) return { kind: "token_expiry_invalid", exp: Number(exp) };
  // Two subjects that differ only in half a surrogate pair would be stored as the same bytes.
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

/** Issuers and clients do not agree on a slash at the end of a URL. */
const withAndWithoutSlash = (audience: string): string[] =>
  /^https?:/i.test(audience) ? [audience, audience.endsWith("/") ? audience.slice(0, -1) : `${audience}/`] : [audience];

/**
 * `issuer|subject`. An issuer is a URL and holds no `|`, so the first one parts the two beyond doubt, and no such
 * principal is `anonymous` or begins with `token:`.
 */
export const principalOf = (issuer: string, subject: string): string => `${issuer}|${subject}`;

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
