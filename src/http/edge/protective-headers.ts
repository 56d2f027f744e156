/**
 * What every answer tells browsers and caches: do not guess, frame, embed or refer, and keep no copy. The list is that of
 * Hono's `secureHeaders`, which sets header by header through eight layers; test/worker/browser.test.ts holds the two together.
 */
const PROTECTIVE: readonly (readonly [string, string])[] = [
  // A page that needs more brings a policy of its own; nothing else here is ever rendered.
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
/** Set by nobody else, so that an answer which has it has them all. */
const MARK = "X-Permitted-Cross-Domain-Policies";

/** For answers in JSON that hold a session's data: made once, since a header set by itself costs as much as all together. */
export const JSON_ANSWER: Headers = new Headers([
  ["Content-Type", "application/json"],
  ["Cache-Control", "no-store"],
  ["Vary", "Origin"],
  ...PROTECTIVE.map(([name, value]): [string, string] => [name, value]),
]);

/** Adds what an answer lacks; what it says itself stays. `Vary` is there because of `allowReading`. */
export function protect({ headers }: Response, path: string): void {
  if (headers.has(MARK)) return;
  for (const [name, value] of PROTECTIVE) if (!headers.has(name)) headers.set(name, value);
  // Answers hold session ids; the SDK's own `no-cache` would let a proxy keep them.
  if (path === "/mcp" || !headers.has("Cache-Control")) headers.set("Cache-Control", "no-store");
  headers.append("Vary", "Origin");
}
