/**
 * Why a text is not a working directory.
 * @example
 * ```ts
 * import type { PathFault } from "mcp-session-context";
 *
 * const isTypo = (fault: PathFault) => fault === "relative" || fault === "blank";
 * ```
 */
export type PathFault =
  | "empty"
  | "blank"
  | "relative"
  | "too_long"
  | "control_character"
  | "lone_surrogate"
  | "bad_file_uri"
  | "other_scheme"
  | "posix_or_windows"
  | "joined_paths"
  | "drive_without_root"
  | "unc_without_share"
  | "device_path"
  | "windows_name";

/**
 * Every expected failure except those about projects (`projects/project-failure.ts`). They are returned as values; a thrown error is a
 * bug. `author/describe-failure.ts` words them for a model; `http/mcp/` maps those about the session header to status codes.
 * @example
 * ```ts
 * import type { Failure } from "mcp-session-context";
 *
 * const isWorthRetrying = ({ kind }: Failure) => kind === "session_unavailable" || kind === "registry_unavailable";
 * ```
 */
export type Failure =
  /** Not a session of this server, or another caller's session: deliberately indistinguishable. */
  | { readonly kind: "session_unknown"; readonly sessionId: string }
  /** `DELETE /mcp` has ended the session of the header. The same id as an argument is not refused. */
  | { readonly kind: "session_deleted"; readonly sessionId: string }
  /** `argument` is the tool's argument that carried the path. */
  | { readonly kind: "path_invalid"; readonly argument: string; readonly fault: PathFault; readonly path: string }
  /** The call needs a session with a context: this session has none, or the call names no session. */
  | { readonly kind: "no_context"; readonly sessionId: string | null }
  /** These registry shards did not answer; a count without them would be a guess. */
  | { readonly kind: "registry_unavailable"; readonly shards: readonly number[] }
  /** A known principal has reached its limit of active sessions; `oldest` lists some that could be ended. */
  | {
      readonly kind: "quota_exceeded";
      readonly limit: number;
      readonly oldest: readonly { readonly sessionId: string; readonly openedAt: number }[];
    }
  /** Only callers with an identity of their own can use this. */
  | { readonly kind: "anonymous_refused" }
  | { readonly kind: "cursor_invalid"; readonly cursor: string }
  /** The caller has made too many calls that store something. */
  | { readonly kind: "rate_limited"; readonly retryAfterSeconds: number }
  /** The session's object is overloaded or unreachable right now. Nothing was changed. */
  | { readonly kind: "session_unavailable"; readonly sessionId: string }
  /** The session's object failed during a change: it is unknown whether the change was made. */
  | { readonly kind: "outcome_unknown"; readonly sessionId: string };

/**
 * A value, or an expected failure. Survives structured cloning, so it crosses RPC unchanged.
 * @example
 * ```ts
 * import type { Failure, Result } from "mcp-session-context";
 *
 * function orNull<T>(result: Result<T, Failure>): T | null {
 *   return result.ok ? result.value : null;
 * }
 * ```
 */
export type Result<T, F = Failure> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: F };

export const ok = <T>(value: T): { readonly ok: true; readonly value: T } => ({ ok: true, value });

export const fail = <F>(failure: F): { readonly ok: false; readonly failure: F } => ({ ok: false, failure });
