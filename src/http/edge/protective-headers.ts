/**
 * Security headers for every response: no MIME sniffing, framing, embedding or referrers. The list is that of Hono's
 * `secureHeaders`, which is slower: it sets each header through eight layers. test/worker/browser.test.ts checks that
 * the two agree.
 */
const PROTECTIVE: readonly (readonly [string, string])[] = [
  // Pages set a policy of their own; nothing else here is rendered.
  ["Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"],
  ["Cross-Origin-Resource-Policy", "same-origin"],
  ["Cross-Origin-Opener-Policy", "same-origin"],
  ["Origin-Agent-Cluster", "?1"],
  ["Referrer-Policy", "no-referrer"],
  ["Strict-Transport-Security", "max-age=15552000; includeSubDomains"],
  ["X-Content-Type-Options", "nosniff"],
  ["X-DNS-Prefetch-Control", "off"],
  ["X-Download-Options", "noopen"],
  ["X-Frame-Options", "DENY"],
  ["X-Permitted-Cross-Domain-Policies", "none"],
  ["X-XSS-Protection", "0"],
];
/** Nothing else sets this header, so a response that has it has the whole list. */
const MARK = "X-Permitted-Cross-Domain-Policies";

/**
 * Headers of JSON responses with session data. Built once, since setting one header costs as much as copying all of
 * them.
 */
export const JSON_ANSWER: Headers = new Headers([
  ["Content-Type", "application/json"],
  ["Cache-Control", "no-store"],
  ["Vary", "Origin"],
  ...PROTECTIVE.map(([name, value]): [string, string] => [name, value]),
]);

/** Adds the headers that a response lacks; those that it has are kept. `Vary` is needed because of `allowReading`. */
export function protect({ headers }: Response, path: string): void {
  if (headers.has(MARK)) return;
  for (const [name, value] of PROTECTIVE) if (!headers.has(name)) headers.set(name, value);
  // Responses contain session ids; the SDK's `no-cache` would let a proxy store them.
  if (path === "/mcp" || !headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  headers.append("Vary", "Origin");
}
