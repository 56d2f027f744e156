import {
  bearerAuthChallengeResponse,
  OAuthError,
  OAuthErrorCode,
  requireBearerAuth,
} from "@modelcontextprotocol/server";
import type { AuthConfig } from "../auth-config.ts";
import type { Logger } from "../log.ts";
import { SCOPES, type Scope } from "../scopes.ts";
import { ANONYMOUS } from "../session/session-context.ts";
import { createJwtVerifier, KeysUnavailable } from "./auth-jwt.ts";
import { resourceMetadataUrl } from "./auth-metadata.ts";
import { createTokenVerifier } from "./auth-token.ts";
import type { Identity, VerifiedToken } from "./identity.ts";
import { jsonRpcError, SERVER_ERROR } from "./json-rpc.ts";
import { hostnameOfRequest, LOOPBACK_HOSTS } from "./origin.ts";

/** Everyone is the same principal, and what is there to see is everyone's. */
const ANYONE: Identity = { principal: ANONYMOUS, scopes: SCOPES };

/**
 * Makes the check that stands before a route: it resolves to who calls, or to the 401, 403 or 503 that refuses them.
 * The token goes no further than this: what is behind knows a principal and scopes.
 */
export function createAuthenticator(auth: AuthConfig, log: Logger) {
  if (auth.mode === "none") return warnIfDeployed(log);
  const verify = auth.mode === "token" ? createTokenVerifier(auth) : createJwtVerifier(auth, log);
  const header = auth.mode === "jwt" ? auth.header : "authorization";

  return async (request: Request, scope: Scope): Promise<Identity | Response> => {
    if (header !== "authorization" && !request.headers.has(header)) {
      const missing = new OAuthError(OAuthErrorCode.InvalidToken, `Missing header ${header}`);
      return bearerAuthChallengeResponse(missing, { requiredScopes: [scope] });
    }
    let failure: unknown = null;
    const metadataUrl = resourceMetadataUrl(auth, request);
    const gate = requireBearerAuth({
      verifier: {
        async verifyAccessToken(token) {
          try {
            return await verify(token);
          } catch (error) {
            failure = error;
            throw error;
          }
        },
      },
      requiredScopes: [scope],
      ...(metadataUrl !== null && { resourceMetadataUrl: metadataUrl }),
    });
    const answer = await gate(withBearer(request, header));
    if (!(answer instanceof Response)) return { ...(answer as VerifiedToken).extra, scopes: answer.scopes };
    if (failure instanceof KeysUnavailable) {
      log("error", "token_keys_unavailable", { error: failure.message });
      const message = "Tokens cannot be checked right now: the keys of their issuer are out of reach. Try again";
      return jsonRpcError(503, SERVER_ERROR, message, { headers: { "Retry-After": "5" } });
    }
    // Neither the token's fault nor the issuer's: a bug, which the SDK would hide in a 500 of its own.
    if (failure !== null && !(failure instanceof OAuthError)) throw failure;
    return answer;
  };
}

/** Cloudflare Access and its like put the bare token into a header of their own. */
function withBearer(request: Request, header: string): Request {
  if (header === "authorization") return request;
  return new Request(request.url, { headers: { authorization: `Bearer ${request.headers.get(header)}` } });
}

/** Lets everybody in, and says so in the log, once for each start, where the server is not just on this machine. */
function warnIfDeployed(log: Logger) {
  let warned = false;
  return async (request: Request, _scope: Scope): Promise<Identity | Response> => {
    const hostname = warned ? null : hostnameOfRequest(request);
    if (hostname !== null && !LOOPBACK_HOSTS.includes(hostname)) {
      warned = true;
      const message = "Anyone who reaches this server may use it. Set AUTH_MODE to token or jwt in wrangler.toml";
      log("warn", "auth_mode_none", { host: hostname, message });
    }
    return ANYONE;
  };
}
