import type { Logger } from "../../base/log.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import { ANONYMOUS } from "../../model/principal.ts";
import { hasScope, SCOPES, type Scope } from "../../model/scopes.ts";
import type { Config } from "../../settings/config.ts";
import type { McpEvent } from "../edge/mcp-event.ts";
import { hostnameOfRequest, LOOPBACK_HOSTS } from "../edge/origin.ts";
import { type AccessFailure, refuseAccess } from "./access-failure.ts";
import { createJwtVerifier } from "./auth-jwt.ts";
import { resourceMetadataUrl } from "./auth-metadata.ts";
import { createTokenVerifier } from "./auth-token.ts";
import type { Identity } from "./identity.ts";

/** In AUTH_MODE `none` all callers share one principal, which has every scope. */
const ANYONE: Identity = { principal: ANONYMOUS, scopes: SCOPES };

/** What an {@link Authenticator} receives besides the request. */
export interface Admission {
  /** Its `failure` is set if the request is refused. */
  readonly event: McpEvent;
  /** Charges the client's address, at most once per request; false if the limit is exceeded. */
  readonly chargeAddress: () => Promise<boolean>;
}

export type Authenticator = (request: Request, scope: Scope, admission: Admission) => Promise<Identity | Response>;

/**
 * Creates the authentication check for routes. It resolves to the caller's identity, or to the 401, 403, 429 or 503
 * response that refuses the request. Code behind it never sees the token, only the principal and scopes.
 */
export function createAuthenticator(config: Pick<Config, "auth" | "publicUrl">, log: Logger): Authenticator {
  const { auth } = config;
  if (auth.mode === "none") return warnIfDeployed(config.publicUrl, log);
  const verify = auth.mode === "token" ? createTokenVerifier(auth) : createJwtVerifier(auth, log);
  const header = auth.mode === "jwt" ? auth.header : "authorization";

  return async (request, scope, { event, chargeAddress }) => {
    const refuseToken = (failure: AccessFailure): Response => {
      event.failure = failure.kind;
      return refuseAccess(failure, { scope, metadataUrl: resourceMetadataUrl(config, request) });
    };
    const token = tokenOf(request, header);
    if (!token.ok) return refuseToken(token.failure);
    const identity = await verify(token.value, chargeAddress);
    if (!identity.ok) return refuseToken(identity.failure);
    return hasScope(identity.value, scope) ? identity.value : refuseToken({ kind: "scope_missing", scope });
  };
}

/** Reads the token. Cloudflare Access and similar proxies send it without "Bearer", in a header of their own. */
function tokenOf(request: Request, header: string): Result<string, AccessFailure> {
  const value = request.headers.get(header);
  if (value === null) return fail({ kind: "token_missing", header });
  if (header !== "authorization") return ok(value);
  const token = /^bearer +(\S+)$/i.exec(value)?.[1];
  return token === undefined ? fail({ kind: "token_header_invalid" }) : ok(token);
}

/** Lets everyone in. If the server is reachable from other machines, logs a warning once per start. */
function warnIfDeployed(publicUrl: string | null, log: Logger): Authenticator {
  let warned = false;
  const publicHostname = publicUrl === null ? null : new URL(publicUrl).hostname;
  return async (request) => {
    const hostname = warned ? null : (publicHostname ?? hostnameOfRequest(request));
    if (hostname !== null && !LOOPBACK_HOSTS.includes(hostname)) {
      warned = true;
      const message = "Anyone who reaches this server may use it. Set AUTH_MODE to token or jwt in wrangler.toml";
      log("warn", "auth_mode_none", { host: hostname, message });
    }
    return ANYONE;
  };
}
