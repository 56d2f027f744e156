import type { Identity } from "./identity.ts";
import { addressKey, rateLimitKey, tooManyRequests } from "./rate-limit.ts";

/**
 * Makes the check of who may go on: resolves to who passes `gate`, charged with the request, or to the response that
 * turns them away.
 * @param withinRate Charges one request to a key, if there is a limit; false if that is one too many.
 */
export const createAdmission =
  (withinRate: (limiter: RateLimit | undefined, keyOf: () => string) => Promise<boolean>) =>
  async (
    request: Request,
    limiter: RateLimit | undefined,
    gate: (request: Request) => Promise<Identity | Response>,
  ): Promise<Identity | Response> => {
    const identity = await gate(request);
    // Whoever is refused is nobody, and pays as the address that they come from.
    const keyOf = () => (identity instanceof Response ? addressKey(request) : rateLimitKey(identity, request));
    return (await withinRate(limiter, keyOf)) ? identity : tooManyRequests("requests");
  };
