import type { McpEvent } from "../edge/mcp-event.ts";
import type { Admission } from "./auth.ts";
import type { Identity } from "./identity.ts";
import { principalHash } from "./principal-hash.ts";
import { addressKey, rateLimitKey, tooManyRequests } from "./rate-limit.ts";

/**
 * Creates the admission check. It resolves to the identity of a caller who passes `gate` and is within the rate limit,
 * or to the response that refuses the request.
 * @param withinRate Charges one request to a key, if there is a limit; false if the limit is exceeded.
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
    // A refused caller has no principal, so the request is charged to the address.
    const isWithin =
      identity instanceof Response
        ? await chargeAddress()
        : await withinRate(limiter, () => rateLimitKey(identity, request));
    if (isWithin) return identity;
    event.failure = "rate_limited";
    return tooManyRequests("requests");
  };
