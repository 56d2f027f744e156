import type { Failure, Result } from "../failure.ts";
import type { CatalogOutcome, Registration } from "../projects/catalog-requests.ts";
import type { Project } from "../projects/project.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { Region } from "../registry/shard-of.ts";
import type { SessionContext } from "./session-context.ts";
import type { Entered } from "./session-project.ts";
import type { StateOutcome } from "./session-state.ts";

/** What a session object is asked, and what it answers. */

/** What a context begins with, if a call has to begin one. */
export interface BeginRequest {
  readonly client: string | null;
  readonly idleTimeoutMs: number;
  /** How long the context may live however much it is used; 0 for no limit. */
  readonly maxAgeMs: number;
  readonly shard: number;
  /** How many shards the registry had when `shard` was chosen. */
  readonly registrySize: number;
  /** Where the request that begins it entered the platform, if known. */
  readonly region: Region | null;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

export interface SetRequest extends BeginRequest {
  readonly workingDirectory: string;
  /** The config that came with the directory: to be registered, or why it cannot be used. */
  readonly config: Result<Registration, ProjectFailure> | null;
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

/** A question or an operation about projects, and the session it was asked in. */
export interface ProjectReply {
  /** Null if the session has none. */
  readonly context: SessionContext | null;
  readonly active: Project | null;
  readonly explicit: Result<Project, ProjectFailure> | null;
  readonly outcome: Result<CatalogOutcome, ProjectFailure> | null;
}

/** Why a principal may not use a session, or not now. */
export type Refusal = Extract<Failure, { kind: "session_unknown" | "session_deleted" | "session_unavailable" }>;
export type OutcomeUnknown = Extract<Failure, { kind: "outcome_unknown" }>;
export type NoContext = Extract<Failure, { kind: "no_context" }>;
