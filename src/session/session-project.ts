import type { Result } from "../failure.ts";
import type { CatalogAnswer, CatalogQuestion } from "../projects/catalog.ts";
import type { Project, ProjectRef } from "../projects/project.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { type Resolution, resolveProject, type SessionConfig } from "../projects/resolve-project.ts";
import { switchProject } from "../projects/switch-project.ts";
import type { SessionContext } from "./session-context.ts";

/** What a session knows of its project: what its directory leads to, as of one version of the catalog. */
export interface SessionProject {
  /** The catalog's version; null if it could not be asked, so that the next access asks again. */
  readonly version: number | null;
  /** The project of the nearest config. */
  readonly found: Project | null;
  /** The project that the session is on: `found`, unless a switch of its config keeps the session where it was. */
  readonly current: ProjectRef | null;
  readonly active: Project | null;
  /** Why the config that came with the directory cannot be used. Stays until a usable one comes. */
  readonly failure: ProjectFailure | null;
}

/** Of a directory that leads nowhere, in a catalog that holds nothing. */
export const NO_PROJECT: SessionProject = { version: 0, found: null, current: null, active: null, failure: null };

/** What entering a directory did, for the answer to the set. */
export interface Entered {
  readonly switched: boolean;
  readonly wouldSwitch: boolean;
}

/** What to ask the catalog about a session that works in `workingDirectory`. */
export const questionOf = (
  { version, current }: SessionProject,
  workingDirectory: string | null,
  { explicit = null, anew = false }: { explicit?: string | null; anew?: boolean } = {},
): CatalogQuestion => ({
  explicit,
  workingDirectory,
  knownVersion: anew ? null : version,
  currentId: current?.id ?? null,
});

/**
 * Takes an answer of the catalog in. A change that brings another nearest config switches the session as entering the
 * directory would; a config that could not be used is not silently replaced by what the catalog has instead.
 */
export function absorb(
  before: SessionProject,
  { version, discovered, active }: CatalogAnswer,
): SessionProject & Entered {
  const kept = { switched: false, wouldSwitch: false };
  if (discovered === null || before.failure !== null) return { ...before, ...kept, version, active };
  const { project, ...entered } = switchProject(discovered.current, discovered.found);
  return { version, found: discovered.found, current: project, active, failure: null, ...entered };
}

/** Whether both say the same, so that nothing needs to be stored. */
export const isSameProject = (a: SessionProject, b: SessionProject): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The project of a session, or of a call without one (`null`), and which tier chose it. */
export function resolveFor(
  session: Pick<SessionContext, "workingDirectory" | "project"> | null,
  {
    explicit = null,
    active = null,
  }: { explicit?: Result<Project, ProjectFailure> | null; active?: Project | null } = {},
): Result<Resolution, ProjectFailure> {
  return resolveProject({ explicit, session: sessionConfigOf(session), active: session?.project.active ?? active });
}

function sessionConfigOf(session: Pick<SessionContext, "workingDirectory" | "project"> | null): SessionConfig {
  if (session === null || session.workingDirectory === null) return { state: "no_directory" };
  const { workingDirectory, project } = session;
  const failure = project.failure ?? (project.version === null ? ({ kind: "catalog_unavailable" } as const) : null);
  if (failure !== null) return { state: "unusable", workingDirectory, failure };
  if (project.found === null) return { state: "no_config", workingDirectory };
  return { state: "found", workingDirectory, found: project.found, current: project.current };
}
