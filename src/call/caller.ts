import type { Principal } from "../model/principal.ts";
import type { Region } from "../registry/shard-of.ts";

/**
 * Protocol era, in the SDK's terms: `legacy` is 2025-03-26 … 2025-11-25, `modern` 2026-07-28 and later.
 * @example
 * ```ts
 * import type { Era } from "mcp-session-context";
 *
 * const headerCounts = (era: Era) => era === "legacy";
 * ```
 */
export type Era = "legacy" | "modern";

/**
 * Who sent the request.
 * @example
 * ```ts
 * import type { Caller } from "mcp-session-context";
 *
 * const mayAdminister = ({ scopes }: Caller) => scopes.includes("admin");
 * ```
 */
export interface Caller {
  readonly era: Era;
  readonly principal: Principal;
  /** The scopes of the caller's token; without authentication, all scopes. */
  readonly scopes: readonly string[];
  /** Where the request entered the platform, if known. */
  readonly region: Region | null;
  /** The `User-Agent`, for clients of the legacy era, which do not send their name with each call. */
  readonly userAgent: string | null;
}
