import type { Failure, Result } from "../failure.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { Resolution } from "../projects/resolve-project.ts";
import type { SessionCount } from "../registry/registry.ts";
import type { SessionContext } from "../session/session-context.ts";
import type { StateFailure } from "../session/session-state.ts";

/** Set in the caller's wrangler.toml: `[[services]] … props = { service = "notes" }`. */
export interface ServiceProps {
  /** Names the calling service; its session ids are its own. */
  readonly service: string;
}

/** Everything that a method can fail with, as data. Only a bug throws. */
export type ServiceFailure =
  | Failure
  | ProjectFailure
  | StateFailure
  /** The binding's props do not name the calling service. */
  | { readonly kind: "service_unnamed" }
  /** Session ids are text of 1 to 512 bytes. */
  | { readonly kind: "session_id_invalid"; readonly sessionId: string };

/** A promise of a value, or of the expected failure that stood in its way. */
export type ServiceResult<T> = Promise<Result<T, ServiceFailure>>;

/** JSON, as a state value may be. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };

/**
 * A service binding to `SessionContextManager`, as the calling Worker has it. Declare the binding with this type: the one
 * that the platform derives from the class recurses through {@link Json} without end.
 */
export interface SessionContextService {
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
