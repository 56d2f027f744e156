import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";

const secure = secureHeaders({
  // A page that needs more brings a policy of its own; nothing else here is ever rendered.
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  overwrite: false,
});

/** What every answer tells browsers and caches: do not guess, frame, embed or refer, and keep no copy. */
export const protectiveHeaders: MiddlewareHandler = async (c, next) => {
  await secure(c, next);
  // Answers hold session ids; the SDK's own `no-cache` would let a proxy keep them.
  if (c.req.path === "/mcp" || !c.res.headers.has("Cache-Control")) c.res.headers.set("Cache-Control", "no-store");
};
