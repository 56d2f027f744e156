import type { Failure, Result } from "../model/failure.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { Resolution } from "../projects/resolve-project.ts";
import type { SessionCount } from "../registry/registry-client.ts";
import type { SessionContext } from "../session/session-context.ts";
import type { StateFailure } from "../session/state-store.ts";

/**
 * Set in the caller's wrangler.toml: `[[services]] … props = { service = "notes" }`.
 * @example
 * ```ts
 * import type { ServiceProps } from "mcp-session-context";
 *
 * const props: ServiceProps = { service: "notes" };
 * ```
 */
export interface ServiceProps {
  /** The name of the calling service. Its session ids are scoped to this name. */
  readonly service: string;
}

/**
 * Every expected failure of a method, as data. A thrown error is a bug.
 * @example
 * ```ts
 * import type { ServiceFailure } from "mcp-session-context";
 *
 * const statusOf = ({ kind }: ServiceFailure) => (kind === "session_unavailable" ? 503 : 400);
 * ```
 */
export type ServiceFailure =
  // A service has no token, so it can neither list its sessions nor exceed a rate limit.
  | Exclude<Failure, { kind: "anonymous_refused" | "cursor_invalid" | "rate_limited" }>
  | ProjectFailure
  | StateFailure
  /** The binding's props do not name the calling service. */
  | { readonly kind: "service_unnamed" }
  /** Session ids are text of 1 to 512 bytes. */
  | { readonly kind: "session_id_invalid"; readonly sessionId: string };

/**
 * A promise of a value, or of an expected failure.
 * @example
 * ```ts
 * import type { ServiceResult, SessionService } from "mcp-session-context";
 *
 * const themeOf = (context: SessionService, user: string): ServiceResult<unknown> => context.getState(user, "theme");
 * ```
 */
export type ServiceResult<T> = Promise<Result<T, ServiceFailure>>;

/**
 * A JSON value, as stored in session state.
 * @example
 * ```ts
 * import type { Json } from "mcp-session-context";
 *
 * const cart: Json = { items: [{ sku: "A-1", pieces: 2 }], coupon: null };
 * ```
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A service binding to `SessionEntrypoint`, in the calling Worker. Declare the binding with this type: the type that the
 * platform derives from the class recurses infinitely through {@link Json}.
 * @example
 * ```ts
 * import type { SessionService } from "mcp-session-context";
 *
 * interface Env {
 *   readonly CONTEXT: SessionService;
 * }
 *
 * export async function tour({ CONTEXT }: Env) {
 *   const set = await CONTEXT.setState("session_1", "theme", "dark");
 *   if (!set.ok) return set.failure.kind;
 *   const theme = await CONTEXT.getState("session_1", "theme");
 *   const all = await CONTEXT.listState("session_1");
 *   await CONTEXT.deleteState("session_1", "theme");
 *   await CONTEXT.setWorkingDirectory("session_1", "/home/me/project");
 *   const directory = await CONTEXT.getWorkingDirectory("session_1");
 *   const context = await CONTEXT.getSessionContext("session_1");
 *   const project = await CONTEXT.resolveProject("session_1");
 *   const count = await CONTEXT.getSessionCount();
 *   await CONTEXT.endSession("session_1");
 *   return { theme, all, directory, context, project, count };
 * }
 * ```
 */
export interface SessionService {
  /**
   * Sets the session's working directory, an absolute path in any style. Begins a context if there is none.
   * Fails with `path_invalid`.
   */
  setWorkingDirectory(
    sessionId: string,
    directory: string,
  ): ServiceResult<{ created: boolean; context: SessionContext }>;

  /** The session's working directory, or null if the session is unknown or has none. */
  getWorkingDirectory(sessionId: string): ServiceResult<string | null>;

  /** The session's context, without its state; null if the session is unknown. */
  getSessionContext(sessionId: string): ServiceResult<SessionContext | null>;

  /** Deletes the session's context and state. True if there was a context. */
  endSession(sessionId: string): ServiceResult<boolean>;

  /** The number of sessions with a context on this server, of all callers. Exact, or fails with `registry_unavailable`. */
  getSessionCount(): ServiceResult<SessionCount>;

  /**
   * Stores a JSON value under `key`, at most 64 keys and 128 KiB per session. Begins a context if there is none.
   * Fails with `state_key_invalid`, `state_value_invalid`, `state_too_many_keys` or `state_too_large`; the state is then
   * unchanged.
   */
  setState(sessionId: string, key: string, value: Json): ServiceResult<{ created: boolean }>;

  /** The value stored under `key`, or null if there is none. A stored value can also be null: `listState` shows which. */
  getState(sessionId: string, key: string): ServiceResult<Json>;

  /** Deletes the value stored under `key`. True if there was one. */
  deleteState(sessionId: string, key: string): ServiceResult<boolean>;

  /** All keys and values of the session, ordered by key; empty if the session is unknown. */
  listState(sessionId: string): ServiceResult<{ key: string; value: Json }[]>;

  /**
   * Resolves the project that the session works on, by the four tiers; `project` names one explicitly.
   * Fails with `project_not_found`, `project_ambiguous`, `project_mismatch` or `config_invalid`.
   */
  resolveProject(sessionId: string, project?: string | null): ServiceResult<Resolution>;
}
