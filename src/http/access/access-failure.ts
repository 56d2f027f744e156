import { bearerAuthChallengeResponse, OAuthError, OAuthErrorCode } from "@modelcontextprotocol/server";
import { quote } from "../../base/quote.ts";
import { PUBLISHED_SCOPES, type Scope } from "../../model/scopes.ts";
import { jsonRpcError, SERVER_ERROR } from "../edge/json-rpc.ts";
import { MAX_SUBJECT_LENGTH } from "./limits.ts";
import { tooManyRequests } from "./rate-limit.ts";

/** Why a token is not accepted. */
export type TokenFailure =
  | { readonly kind: "token_missing"; readonly header: string }
  | { readonly kind: "token_header_invalid" }
  | { readonly kind: "token_malformed" }
  /** A JWT that is not an access token, such as a logout token. `typ` is its type, or `none` if it has none. */
  | { readonly kind: "token_type"; readonly typ: unknown }
  | { readonly kind: "token_algorithm"; readonly alg: unknown }
  /** No published key verifies it. */
  | { readonly kind: "token_unknown_key" }
  /** The key with its key id does not verify it. */
  | { readonly kind: "token_signature" }
  | { readonly kind: "token_expired" }
  | { readonly kind: "token_expiry_invalid"; readonly exp: number }
  | { readonly kind: "token_not_yet_valid" }
  | { readonly kind: "token_audience" }
  | { readonly kind: "token_issuer" }
  | { readonly kind: "token_subject" }
  | { readonly kind: "token_claim"; readonly claim: string }
  /** A static token that is not configured. */
  | { readonly kind: "token_unknown" };

/** Why a request is refused. The kind is logged with the request; the rest is only for the client. */
export type AccessFailure =
  | TokenFailure
  | { readonly kind: "scope_missing"; readonly scope: Scope }
  /** The issuer's keys could not be fetched or used, so tokens cannot be verified. */
  | { readonly kind: "keys_unavailable"; readonly retryAfterSeconds: number }
  | { readonly kind: "rate_limited" };

/**
 * The response that refuses a request.
 * @param challenge.scope Included in the challenge if clients may ask users for it.
 * @param challenge.metadataUrl URL of the protected-resource metadata; null if there is none.
 */
export function refuseAccess(
  failure: AccessFailure,
  challenge: { readonly scope: Scope; readonly metadataUrl: string | null },
): Response {
  if (failure.kind === "rate_limited") return tooManyRequests("requests");
  if (failure.kind === "keys_unavailable") {
    const { retryAfterSeconds } = failure;
    const message = `Tokens cannot be checked right now: the issuer's keys are unavailable. Try again in ${retryAfterSeconds} seconds`;
    return jsonRpcError(503, SERVER_ERROR, message, { headers: { "Retry-After": String(retryAfterSeconds) } });
  }
  const options = {
    requiredScopes: PUBLISHED_SCOPES.filter((scope) => scope === challenge.scope),
    ...(challenge.metadataUrl !== null && { resourceMetadataUrl: challenge.metadataUrl }),
  };
  if (failure.kind !== "scope_missing") {
    const error = new OAuthError(OAuthErrorCode.InvalidToken, describeTokenFailure(failure));
    return bearerAuthChallengeResponse(error, options);
  }
  // Clients ask users for the scopes in a challenge, so an unpublished scope appears only in the body.
  const error = new OAuthError(OAuthErrorCode.InsufficientScope, "Insufficient scope");
  const { status, headers } = bearerAuthChallengeResponse(error, options);
  const description = `This token lacks the scope "${failure.scope}". Use one that has it`;
  return Response.json({ error: error.code, error_description: description }, { status, headers });
}

/** The error description for the client. Reveals nothing about claims before the signature has been verified. */
export function describeTokenFailure(failure: TokenFailure): string {
  switch (failure.kind) {
    case "token_missing":
      return `Missing ${failure.header === "authorization" ? "Authorization header" : `header ${failure.header}`}`;
    case "token_header_invalid":
      return 'Authorization header must be "Bearer TOKEN", once';
    case "token_malformed":
      return "Token is not a signed JWT that can be read here";
    case "token_type":
      return `Token is of type ${quote(failure.typ)}, which is not accepted here. Send an access token`;
    case "token_algorithm":
      return `Token is signed with algorithm ${quote(failure.alg)}, which is not accepted here`;
    case "token_unknown_key":
      return "Token is signed with a key that its issuer does not publish";
    case "token_signature":
      return "Token has a wrong signature";
    case "token_expired":
      return "Token has expired";
    case "token_expiry_invalid":
      return `Token expires at ${failure.exp} (claim "exp"), which is beyond the year 9999. It must be in seconds since 1970`;
    case "token_not_yet_valid":
      return "Token is not valid yet";
    case "token_audience":
      return 'Token is not meant for this server (claim "aud")';
    case "token_issuer":
      return 'Token is not of this server\'s issuer (claim "iss")';
    case "token_subject":
      return `Token must have a subject (claim "sub") of 1 to ${MAX_SUBJECT_LENGTH} characters`;
    case "token_claim":
      return `Token has no acceptable claim "${failure.claim}"`;
    case "token_unknown":
      return "Token is not known to this server, or was withdrawn";
  }
}
