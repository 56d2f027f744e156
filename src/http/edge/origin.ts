/** Names of this machine. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
/** Host names served without configuration: this machine, and the platform's own domain. */
const DEFAULT_HOSTS = [...LOOPBACK_HOSTS, "*.workers.dev"];

export type OriginRefusal = { readonly setting: "ALLOWED_HOSTS" | "ALLOWED_ORIGINS"; readonly message: string };

/**
 * Stops DNS rebinding: a page that makes its own name point to this server still sends that name as Host and Origin.
 * Returns why a request is refused, or null. Requests without an Origin header come from no browser page and pass.
 */
export function originRefusal(
  request: Request,
  allowed: { readonly allowedHosts: readonly string[]; readonly allowedOrigins: readonly string[] },
): OriginRefusal | null {
  const hostname = hostnameOfRequest(request);
  if (!matches(hostname, [...DEFAULT_HOSTS, ...allowed.allowedHosts]))
    return refusal("ALLOWED_HOSTS", "Host", request.headers.get("host"));
  const origin = request.headers.get("origin");
  // A page of this server's own is at home here. One of *.workers.dev in general is not: anyone can have such a name.
  if (origin !== null && hostnameOf(origin) !== hostname && !mayRead(origin, allowed)) {
    return refusal("ALLOWED_ORIGINS", "Origin", origin);
  }
  return null;
}

let lastHost: { readonly header: string | null; readonly hostname: string | null } | undefined;

/** The host name that a request was sent to; null if its Host header is none. Most requests of a server name the same. */
export function hostnameOfRequest(request: Request): string | null {
  const header = request.headers.get("host");
  if (lastHost === undefined || lastHost.header !== header) {
    lastHost = { header, hostname: hostnameOf(`http://${header}`) };
  }
  return lastHost.hostname;
}

/** Whether pages of an origin on another host may call this server and read its answers. */
export const mayRead = (origin: string, allowed: { readonly allowedOrigins: readonly string[] }): boolean =>
  matches(hostnameOf(origin), [...LOOPBACK_HOSTS, ...allowed.allowedOrigins]);

function refusal(setting: OriginRefusal["setting"], header: string, value: string | null): OriginRefusal {
  const shown = value === null ? "missing" : JSON.stringify(value.slice(0, 200));
  return { setting, message: `${header} ${shown} is not allowed. Add its host name to ${setting} in wrangler.toml` };
}

function hostnameOf(url: string): string | null {
  try {
    return new URL(url).hostname || null;
  } catch {
    return null;
  }
}

function matches(hostname: string | null, patterns: readonly string[]): boolean {
  if (hostname === null) return false;
  return patterns.some((pattern) =>
    pattern.startsWith("*.") ? hostname.endsWith(pattern.slice(1)) : hostname === pattern,
  );
}
