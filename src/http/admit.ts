import type { Admission } from "./auth.ts";
import type { Identity } from "./identity.ts";
import type { McpEvent } from "./mcp-event.ts";
import { principalHash } from "./principal-hash.ts";
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
    event: McpEvent,
    gate: (request: Request, admission: Admission) => Promise<Identity | Response>,
  ): Promise<Identity | Response> => {
    let charged: Promise<boolean> | null = null;
    const chargeAddress = () => {
      charged ??= withinRate(limiter, () => addressKey(request));
      return charged;
    };
    const identity = await gate(request, { event, chargeAddress });
    if (!(identity instanceof Response)) event.principal = await principalHash(identity.principal);
    // Whoever is refused is nobody, and pays as the address that they come from.
    const isWithin =
      identity instanceof Response
        ? await chargeAddress()
        : await withinRate(limiter, () => rateLimitKey(identity, request));
    if (isWithin) return identity;
    event.failure = "rate_limited";
    return tooManyRequests("requests");
  };
