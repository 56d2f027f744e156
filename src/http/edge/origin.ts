/** Host names of this machine. */
export const LOOPBACK_HOSTS: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];
/** Host names allowed without configuration: this machine and the platform's own domain. */
const DEFAULT_HOSTS = [...LOOPBACK_HOSTS, "*.workers.dev"];

export type OriginRefusal = { readonly setting: "ALLOWED_HOSTS" | "ALLOWED_ORIGINS"; readonly message: string };

/**
 * Stops DNS rebinding: a page that resolves its own name to this server still sends that name as Host and Origin.
 * Returns why a request is refused, or null. Requests without an Origin header do not come from a web page and pass.
 */
export function originRefusal(
  request: Request,
  allowed: { readonly allowedHosts: readonly string[]; readonly allowedOrigins: readonly string[] },
): OriginRefusal | null {
  const hostname = hostnameOfRequest(request);
  if (!matches(hostname, [...DEFAULT_HOSTS, ...allowed.allowedHosts]))
    return refusal("ALLOWED_HOSTS", "Host", request.headers.get("host"));
  const origin = request.headers.get("origin");
  // This server's own pages are allowed. Other pages on *.workers.dev are not: anyone can register a name there.
  if (origin !== null && hostnameOf(origin) !== hostname && !mayRead(origin, allowed)) {
    return refusal("ALLOWED_ORIGINS", "Origin", origin);
  }
  return null;
}

let lastHost: { readonly header: string | null; readonly hostname: string | null } | undefined;

/** The host name in the Host header; null if it is invalid. Caches the last one, since most requests have the same. */
export function hostnameOfRequest(request: Request): string | null {
  const header = request.headers.get("host");
  if (lastHost === undefined || lastHost.header !== header) {
    lastHost = { header, hostname: hostnameOf(`http://${header}`) };
  }
  return lastHost.hostname;
}

/** Whether pages on another host with this origin may call this server and read its responses. */
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
