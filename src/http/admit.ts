import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "./app-env.ts";
import type { Identity } from "./identity.ts";
import { addressKey, rateLimitKey, tooManyRequests } from "./rate-limit.ts";

/**
 * Makes a step that lets through who passes `gate`, and charges the request to them.
 * @param withinRate Charges one request to a key; false if that is one too many.
 */
export const createAdmission =
  (withinRate: (limiter: RateLimit | undefined, key: string) => Promise<boolean>) =>
  (gate: (request: Request) => Promise<Identity | Response>): MiddlewareHandler<AppEnv> =>
  async (c, next) => {
    const identity = await gate(c.req.raw);
    const refused = identity instanceof Response;
    // Whoever is refused is nobody, and pays as the address that they come from.
    const key = refused ? addressKey(c.req.raw) : rateLimitKey(identity, c.req.raw);
    if (!(await withinRate(c.env.REQUEST_LIMITER, key))) return tooManyRequests("requests");
    if (refused) return identity;
    c.set("identity", identity);
    return next();
  };
