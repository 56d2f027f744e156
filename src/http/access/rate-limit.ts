import type { Logger } from "../../base/log.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "../../call/limits.ts";
import { ANONYMOUS } from "../../model/principal.ts";
import { jsonRpcError, SERVER_ERROR } from "../edge/json-rpc.ts";
import type { Identity } from "./identity.ts";

/** The key to charge a request to: the principal, or the client's address if the caller is anonymous. */
export const rateLimitKey = ({ principal }: Identity, request: Request): string =>
  principal === ANONYMOUS ? addressKey(request) : `principal ${principal}`;

/** The key of the client's address, which the platform reports and clients cannot forge. Local runs have none. */
export const addressKey = (request: Request): string =>
  `address ${networkOf(request.headers.get("cf-connecting-ip") ?? "unknown")}`;

/** An IPv4 address unchanged; for IPv6 the /64 network, which belongs to one customer. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  const [head = "", tail] = address.toLowerCase().split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - first.length - last.length);
  const groups = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}

/**
 * Charges one request to `key`; false if the limit is exceeded. If the limiter fails, the request passes: it limits
 * cost, not access.
 */
export async function withinLimit(limiter: RateLimit, key: string, log: Logger): Promise<boolean> {
  try {
    return (await limiter.limit({ key })).success;
  } catch (error) {
    log("warn", "rate_limiter_failed", { error: String(error) });
    return true;
  }
}

export function tooManyRequests(what: string, id: string | number | null = null): Response {
  return jsonRpcError(429, SERVER_ERROR, `Too many ${what}. Try again in ${RATE_LIMIT_PERIOD_SECONDS} seconds`, {
    id,
    headers: { "Retry-After": String(RATE_LIMIT_PERIOD_SECONDS) },
  });
}
