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

/** Everyone is the same principal, and what is there to see is everyone's. */
const ANYONE: Identity = { principal: ANONYMOUS, scopes: SCOPES };

/** What the check of who calls may do to a request besides. */
export interface Admission {
  /** Receives why the request was refused. */
  readonly event: McpEvent;
  /** Charges the client's address, once per request; false if that is one too many. */
  readonly chargeAddress: () => Promise<boolean>;
}

export type Authenticator = (request: Request, scope: Scope, admission: Admission) => Promise<Identity | Response>;

/**
 * Makes the check that stands before a route: it resolves to who calls, or to the 401, 403, 429 or 503 that refuses them.
 * The token goes no further than this: what is behind knows a principal and scopes.
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

/** Cloudflare Access and its like put the bare token into a header of their own. */
function tokenOf(request: Request, header: string): Result<string, AccessFailure> {
  const value = request.headers.get(header);
  if (value === null) return fail({ kind: "token_missing", header });
  if (header !== "authorization") return ok(value);
  const token = /^bearer +(\S+)$/i.exec(value)?.[1];
  return token === undefined ? fail({ kind: "token_header_invalid" }) : ok(token);
}

/** Lets everybody in, and says so in the log, once for each start, where the server is not just on this machine. */
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
