import { OPERATOR } from "../../model/principal.ts";
import type { Config } from "../../settings/config.ts";
import type { Admission, Authenticator } from "../access/auth.ts";
import type { Identity } from "../access/identity.ts";

const AS_OPERATOR: Identity = { principal: OPERATOR, scopes: ["admin"] };

export const NO_OPERATOR_KEY =
  'This is closed: AUTH_MODE is "none" and OPERATOR_KEY is not set. Set it with "wrangler secret put OPERATOR_KEY", or in .dev.vars for a local run; "npm start" makes one';

/**
 * The check before pages and figures of the whole server: requires the scope `admin` or, in AUTH_MODE `none`, where
 * everybody has every scope, the operator key. A loopback address or Host grants nothing: behind a reverse proxy on
 * this machine, every request has both. Resolves to the caller's identity, or to the response that refuses the request.
 */
export function createAdminGate(
  { auth, publicUrl }: Pick<Config, "auth" | "publicUrl">,
  authenticate: Authenticator,
): (request: Request, admission: Admission) => Promise<Identity | Response> {
  return async (request, admission) => {
    if (isForeignPage(request, publicUrl)) {
      return refuseOperator(403, "Pages of other origins may not call this. Open the dashboard of this server itself");
    }
    if (auth.mode !== "none") return authenticate(request, "admin", admission);
    if (auth.operatorKey === null) return refuseOperator(403, NO_OPERATOR_KEY);
    const key = /^Bearer +(\S+)$/i.exec(request.headers.get("authorization") ?? "")?.[1];
    if (key !== undefined && (await isSame(key, auth.operatorKey))) return AS_OPERATOR;
    return refuseOperator(
      401,
      `${key === undefined ? "The operator key is missing" : "This operator key is wrong"}. Send "Authorization: Bearer KEY" with the OPERATOR_KEY of this server; "npm start" prints it in the dashboard's address`,
    );
  };
}

/**
 * Whether a browser sends this request for a page of another origin. The page could not read the response, but it could
 * act with what the browser adds automatically: its position in the network, or the cookie of Cloudflare Access.
 */
function isForeignPage(request: Request, publicUrl: string | null): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = request.headers.get("origin");
  return (
    origin !== null &&
    origin !== publicUrl &&
    (!URL.canParse(origin) || new URL(origin).host !== request.headers.get("host"))
  );
}

/** Compares hashes, so that timing reveals neither where two keys differ nor how long ours is. */
async function isSame(a: string, b: string): Promise<boolean> {
  const hash = (text: string) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return crypto.subtle.timingSafeEqual(await hash(a), await hash(b));
}

const refuseOperator = (status: 401 | 403, error: string): Response =>
  Response.json({ error }, { status, ...(status === 401 && { headers: { "WWW-Authenticate": "Bearer" } }) });
