/** Host names served without configuration: this machine, and the platform's own domain. */
const DEFAULT_HOSTS = ["localhost", "127.0.0.1", "[::1]", "*.workers.dev"];

export type Refusal = { readonly setting: "ALLOWED_HOSTS" | "ALLOWED_ORIGINS"; readonly message: string };

/**
 * Stops DNS rebinding: a page that makes its own name point to this server still sends that name as Host and Origin.
 * Returns why a request is refused, or null. Requests without an Origin header come from no browser page and pass.
 */
export function refusalOf(
  request: Request,
  allowed: { readonly allowedHosts: readonly string[]; readonly allowedOrigins: readonly string[] },
): Refusal | null {
  const host = request.headers.get("host");
  if (!matches(hostnameOf(`http://${host}`), allowed.allowedHosts)) {
    return refusal("ALLOWED_HOSTS", "Host", host);
  }
  const origin = request.headers.get("origin");
  if (origin !== null && !matches(hostnameOf(origin), allowed.allowedOrigins)) {
    return refusal("ALLOWED_ORIGINS", "Origin", origin);
  }
  return null;
}

function refusal(setting: Refusal["setting"], header: string, value: string | null): Refusal {
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

function matches(hostname: string | null, configured: readonly string[]): boolean {
  if (hostname === null) return false;
  return [...DEFAULT_HOSTS, ...configured].some((pattern) =>
    pattern.startsWith("*.") ? hostname.endsWith(pattern.slice(1)) : hostname === pattern,
  );
}
