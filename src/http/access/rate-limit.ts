import type { Logger } from "../../base/log.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "../../call/limits.ts";
import { ANONYMOUS } from "../../model/principal.ts";
import { jsonRpcError, SERVER_ERROR } from "../edge/json-rpc.ts";
import type { Identity } from "./identity.ts";

/** Whose account a request goes to: the principal's, or that of the address where nobody is known. */
export const rateLimitKey = ({ principal }: Identity, request: Request): string =>
  principal === ANONYMOUS ? addressKey(request) : `principal ${principal}`;

/** The client's address as the platform reports it; a client cannot choose it. Local runs have none. */
export const addressKey = (request: Request): string =>
  `address ${networkOf(request.headers.get("cf-connecting-ip") ?? "unknown")}`;

/** An IPv4 address as it is; of an IPv6 address the /64 network, all of which belongs to one customer. */
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

/** Charges one request to `key`; false if the account is overdrawn. A limiter that fails lets pass: it guards cost, not access. */
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
