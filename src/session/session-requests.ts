import type { Failure, Result } from "../model/failure.ts";
import type { CatalogOutcome, ProjectRegistration } from "../projects/catalog-requests.ts";
import type { Project } from "../projects/project.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { Region } from "../registry/shard-of.ts";
import type { SessionContext } from "./session-context.ts";
import type { Entered } from "./session-project.ts";
import type { StateOutcome } from "./state-store.ts";

/** Requests to a session object, and its replies. */

/** What a new context needs, if the call begins one. */
export interface BeginRequest {
  readonly client: string | null;
  readonly idleTimeoutMs: number;
  /** Maximum age of the context, regardless of use; 0 for no limit. */
  readonly maxAgeMs: number;
  readonly shard: number;
  /** How many shards the registry had when `shard` was chosen. */
  readonly registrySize: number;
  /** Where the request that begins the context entered the platform, if known. */
  readonly region: Region | null;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export interface SetRequest extends BeginRequest {
  readonly workingDirectory: string;
  /** The config that was passed with the directory: what to register, or why it is unusable. */
  readonly config: Result<ProjectRegistration, ProjectFailure> | null;
}

export interface StateReply extends StateOutcome {
  readonly created: boolean;
  /** Null if the session has none. */
  readonly context: SessionContext | null;
}

export interface SetReply extends Entered {
  readonly created: boolean;
  readonly context: SessionContext;
}

/** The reply to a query or operation on the catalog, and the session that it was sent through. */
export interface ProjectReply {
  /** Null if the session has none. */
  readonly context: SessionContext | null;
  readonly active: Project | null;
  readonly explicit: Result<Project, ProjectFailure> | null;
  readonly outcome: Result<CatalogOutcome, ProjectFailure> | null;
}

export type SessionUnknown = Extract<Failure, { kind: "session_unknown" }>;
/** Why a principal may not use a session, or cannot use it now. */
export type Refusal = Extract<Failure, { kind: "session_unknown" | "session_deleted" | "session_unavailable" }>;
export type SessionUnavailable = Extract<Failure, { kind: "session_unavailable" }>;
export type OutcomeUnknown = Extract<Failure, { kind: "outcome_unknown" }>;
export type NoContext = Extract<Failure, { kind: "no_context" }>;
