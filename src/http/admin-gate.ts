import type { AuthConfig } from "../auth-config.ts";
import type { Admission, Authenticator } from "./auth.ts";
import type { Identity } from "./identity.ts";
import { LOOPBACK_HOSTS } from "./origin.ts";

/**
 * The check before pages and figures of the whole server: scope `admin`; and where nobody has a scope because everybody
 * may do everything, this machine alone. Resolves to who calls, or to the response that refuses them.
 */
export function createAdminGate(
  auth: AuthConfig,
  authenticate: Authenticator,
): (request: Request, admission: Admission) => Promise<Identity | Response> {
  return async (request, admission) => {
    if (isForeignPage(request)) {
      return refuse("Pages of other origins may not call this. Open the dashboard of this server itself");
    }
    if (auth.mode === "none" && !isLocal(request)) return refuse(ONLY_LOCAL);
    return authenticate(request, "admin", admission);
  };
}

export const ONLY_LOCAL =
  'With AUTH_MODE "none" this is served to the machine that the server runs on only. Set AUTH_MODE to token or jwt in wrangler.toml';

/**
 * Whether a request comes from the machine that the server runs on: it names a loopback host, and the platform saw a
 * loopback address. A deployed Worker is never reached by such a name, and there the platform sets the address itself.
 * `wrangler dev` believes a client's own header, but listens on 127.0.0.1 unless told otherwise.
 */
export function isLocal(request: Request): boolean {
  const host = hostnameOf(`http://${request.headers.get("host")}`);
  const address = request.headers.get("cf-connecting-ip");
  return (
    host !== null &&
    LOOPBACK_HOSTS.includes(host) &&
    LOOPBACK_HOSTS.includes(new URL(request.url).hostname) &&
    (address === null || isLoopback(address))
  );
}

/**
 * Whether a browser sends this for a page of another origin. That page could read nothing, but could act with what the
 * browser brings along by itself: its place in the network, or the cookie of Cloudflare Access.
 */
export function isForeignPage(request: Request): boolean {
  const site = request.headers.get("sec-fetch-site");
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = request.headers.get("origin");
  return origin !== null && (!URL.canParse(origin) || new URL(origin).host !== request.headers.get("host"));
}

const isLoopback = (address: string): boolean =>
  address === "::1" || /^(::ffff:)?127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/i.test(address);

const hostnameOf = (url: string): string | null => (URL.canParse(url) ? new URL(url).hostname : null);

const refuse = (error: string): Response => Response.json({ error }, { status: 403 });
