import type { Result } from "../model/failure.ts";
import type { Project, ProjectRef } from "./project.ts";
import type { ProjectConfig } from "./project-config.ts";
import type { ProjectFailure } from "./project-failure.ts";

/** What a catalog is asked and answers. */

/** A project to register. Paths are normalised; `configRoot` gives `root` and `configPath` as a pair. */
export interface ProjectRegistration {
  readonly root: string;
  readonly config: ProjectConfig;
  /** Null: what it was before, or `<root>/.codebase-mcp/config.json`. */
  readonly configPath: string | null;
}

/** Everything that a resolution asks of a catalog, so that it is one round trip. Null leaves a part out. */
export interface CatalogQuestion {
  /** Id or name of the project that the call names. */
  readonly explicit: string | null;
  readonly workingDirectory: string | null;
  /** The version at which the asker discovered in this same directory before. */
  readonly knownVersion: number | null;
  /** Id of the project that the session is on, to learn whether it still exists. */
  readonly currentId: string | null;
}

export interface CatalogAnswer {
  readonly version: number;
  readonly explicit: Result<Project, ProjectFailure> | null;
  /** Null: no directory was given, or the catalog has not changed since `knownVersion`. */
  readonly discovered: { readonly found: Project | null; readonly current: ProjectRef | null } | null;
  readonly active: Project | null;
}

/** What a caller can do with a catalog, as data, so that it travels with the question in one round trip. */
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

/** What became of the operation, if there was one, and the answer as it is after it. */
export interface CatalogReply {
  readonly outcome: Result<CatalogOutcome, ProjectFailure> | null;
  readonly answer: CatalogAnswer;
}
