import type { Result } from "../model/failure.ts";
import type { Project, ProjectRef } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import type { ProjectFailure } from "./project-failure.ts";

/** Requests to a catalog, and its answers. */

/** A project to register. Paths are normalised; `configRoot` gives `root` and `configPath` as a pair. */
export interface ProjectRegistration {
  readonly root: string;
  readonly config: ProjectConfig;
  /** Null: the previous path, or else `<root>/.codebase-mcp/config.json`. */
  readonly configPath: string | null;
}

/** Everything that a resolution needs from a catalog, for a single round trip. Null omits a part. */
export interface CatalogQuestion {
  /** Id or name of the project that the call names. */
  readonly explicit: string | null;
  readonly workingDirectory: string | null;
  /** The catalog version of the caller's last discovery in this directory. */
  readonly knownVersion: number | null;
  /** Id of the session's current project, to check whether it still exists. */
  readonly currentId: string | null;
}

export interface CatalogAnswer {
  readonly version: number;
  readonly explicit: Result<Project, ProjectFailure> | null;
  /** Null: no directory was given, or the catalog has not changed since `knownVersion`. */
  readonly discovered: { readonly found: Project | null; readonly current: ProjectRef | null } | null;
  readonly active: Project | null;
}

/** An operation on a catalog, as data, so that it is sent with the question in one round trip. */
export type CatalogOperation =
  | { readonly kind: "register"; readonly registration: ProjectRegistration }
  | { readonly kind: "list"; readonly cursor: string | null }
  | { readonly kind: "remove"; readonly root: string }
  | { readonly kind: "set_active"; readonly project: string | null };

export type CatalogOutcome =
  | { readonly kind: "register"; readonly project: Project; readonly created: boolean }
  | { readonly kind: "list"; readonly projects: readonly Project[]; readonly nextCursor: string | null }
  | { readonly kind: "remove"; readonly removed: boolean }
  | { readonly kind: "set_active"; readonly active: Project | null };

/** The outcome of the operation, if there was one, and the answer after it. */
export interface CatalogReply {
  readonly outcome: Result<CatalogOutcome, ProjectFailure> | null;
  readonly answer: CatalogAnswer;
}
