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
  /** Names the calling service; its session ids are its own. */
  readonly service: string;
}

/**
 * Everything that a method can fail with, as data. Only a bug throws.
 * @example
 * ```ts
 * import type { ServiceFailure } from "mcp-session-context";
 *
 * const statusOf = ({ kind }: ServiceFailure) => (kind === "session_unavailable" ? 503 : 400);
 * ```
 */
export type ServiceFailure =
  // A service has no token, so no list of its own sessions, and no rate limit.
  | Exclude<Failure, { kind: "anonymous_refused" | "cursor_invalid" | "rate_limited" }>
  | ProjectFailure
  | StateFailure
  /** The binding's props do not name the calling service. */
  | { readonly kind: "service_unnamed" }
  /** Session ids are text of 1 to 512 bytes. */
  | { readonly kind: "session_id_invalid"; readonly sessionId: string };

/**
 * A promise of a value, or of the expected failure that stood in its way.
 * @example
 * ```ts
 * import type { ServiceResult, SessionService } from "mcp-session-context";
 *
 * const themeOf = (context: SessionService, user: string): ServiceResult<unknown> => context.getState(user, "theme");
 * ```
 */
export type ServiceResult<T> = Promise<Result<T, ServiceFailure>>;

/**
 * JSON, as a state value may be.
 * @example
 * ```ts
 * import type { Json } from "mcp-session-context";
 *
 * const cart: Json = { items: [{ sku: "A-1", pieces: 2 }], coupon: null };
 * ```
 */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A service binding to `SessionEntrypoint`, as the calling Worker has it. Declare the binding with this type: the one
 * that the platform derives from the class recurses through {@link Json} without end.
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
   * Sets the session's working directory, an absolute path in any style; begins a context if there is none.
   * Fails with `path_invalid`.
   */
  setWorkingDirectory(
    sessionId: string,
    directory: string,
  ): ServiceResult<{ created: boolean; context: SessionContext }>;

  /** The session's working directory, or null if the session is unknown or has none. */
  getWorkingDirectory(sessionId: string): ServiceResult<string | null>;

  /** Everything that the session remembers beside its state, or null if the session is unknown. */
  getSessionContext(sessionId: string): ServiceResult<SessionContext | null>;

  /** Forgets the session's context and state. True if there was one. */
  endSession(sessionId: string): ServiceResult<boolean>;

  /** How many sessions have a context on this server, of all callers. Exact, or `registry_unavailable`. */
  getSessionCount(): ServiceResult<SessionCount>;

  /**
   * Keeps a JSON value under `key`, at most 64 keys and 128 KiB a session; begins a context if there is none.
   * Fails with `state_key_invalid`, `state_value_invalid`, `state_too_many_keys` or `state_too_large`, and keeps what was
   * there.
   */
  setState(sessionId: string, key: string, value: Json): ServiceResult<{ created: boolean }>;

  /** The value kept under `key`, or null if there is none; null can also be the value: `listState` tells. */
  getState(sessionId: string, key: string): ServiceResult<Json>;

  /** Forgets the value kept under `key`. True if there was one. */
  deleteState(sessionId: string, key: string): ServiceResult<boolean>;

  /** All keys and values of the session, ordered by key; empty if the session is unknown. */
  listState(sessionId: string): ServiceResult<{ key: string; value: Json }[]>;

  /**
   * Which project the session works on, by the four tiers; `project` names one explicitly.
   * Fails with `project_not_found`, `project_ambiguous`, `project_mismatch` or `config_invalid`.
   */
  resolveProject(sessionId: string, project?: string | null): ServiceResult<Resolution>;
}
