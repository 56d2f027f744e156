import type { Result } from "../model/failure.ts";
import type {
  CatalogAnswer,
  CatalogQuestion,
  CatalogReply,
  ProjectRegistration,
} from "../projects/catalog-requests.ts";
import { defaultConfigPath, isNearer } from "../projects/discovery.ts";
import type { Project, ProjectRef } from "../projects/project.ts";
import { failedRoot, type ProjectFailure } from "../projects/project-failure.ts";
import { chooseProject, type Resolution, type SessionConfig } from "../projects/resolve-project.ts";
import { switchProject } from "../projects/switch-project.ts";

/**
 * The project of a session's directory, as of one version of the catalog.
 * @example
 * ```ts
 * import type { SessionContext, SessionProject } from "mcp-session-context";
 *
 * const projectOf = ({ project }: SessionContext): SessionProject["current"] => project.current;
 * ```
 */
export interface SessionProject {
  /** The catalog's version; null if the catalog was unavailable, so that the next access asks again. */
  readonly version: number | null;
  /** The project of the nearest config. */
  readonly found: Project | null;
  /** The session's project: `found`, unless the config's switch setting kept the session on its previous project. */
  readonly current: ProjectRef | null;
  readonly active: Project | null;
  /** Why the config that was passed with the directory is unusable. Stays until the next set, or until {@link cures} applies. */
  readonly failure: ProjectFailure | null;
}

/** A directory without a project, in an empty catalog. */
export const NO_PROJECT: SessionProject = { version: 0, found: null, current: null, active: null, failure: null };

/** A directory about which the catalog has not replied yet. */
export const UNKNOWN_PROJECT: SessionProject = { ...NO_PROJECT, version: null };

/** The effect of entering a directory, for the reply to the set. */
export interface Entered {
  readonly switched: boolean;
  readonly wouldSwitch: boolean;
}

export const NOT_ENTERED: Entered = { switched: false, wouldSwitch: false };

/** A question to the catalog, and its reply. */
export interface Asked {
  readonly question: CatalogQuestion;
  readonly reply: Result<CatalogReply, ProjectFailure>;
}

/** The question to the catalog about a session in `workingDirectory`. */
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
 * The project of a session after a set, computed from the project `before` it and the catalog's reply. Never fails: the directory
 * is set even if its config is unusable.
 */
export function enter(
  before: SessionProject,
  config: Result<ProjectRegistration, ProjectFailure> | null,
  { question, reply }: Asked,
): SessionProject & Entered {
  if (config?.ok === false) return enterUnusable(before, config.failure);
  if (!reply.ok) {
    // The passed config was not registered: the catalog's own config must not silently replace it later.
    return {
      ...UNKNOWN_PROJECT,
      ...NOT_ENTERED,
      current: before.current,
      failure: config && unregistered(config.value),
    };
  }
  const { outcome, answer } = reply.value;
  if (outcome?.ok === false) return { ...enterUnusable(before, outcome.failure), version: answer.version };
  return absorb({ ...before, version: null, failure: null }, question, answer);
}

/** The same with an unusable config: the session has no project. */
const enterUnusable = (before: SessionProject, failure: ProjectFailure): SessionProject & Entered => ({
  ...before,
  ...NOT_ENTERED,
  found: null,
  current: null,
  failure,
});

/** The failure of a config that was passed with the directory but could not be registered. */
export const unregistered = ({ root, configPath }: ProjectRegistration): ProjectFailure => ({
  kind: "config_unregistered",
  configPath: configPath ?? defaultConfigPath(root),
});

/**
 * Merges a catalog reply into the current project state; stale replies are ignored. If the nearest config has changed, the session
 * switches project as if it had entered the directory again.
 */
export function follow(before: SessionProject, question: CatalogQuestion, reply: CatalogReply): SessionProject {
  const cured = before.failure !== null && cures(before.failure, question, reply);
  const {
    switched: _,
    wouldSwitch: __,
    ...project
  } = absorb(cured ? { ...before, failure: null } : before, question, reply.answer);
  return project;
}

function absorb(
  before: SessionProject,
  { workingDirectory, currentId }: CatalogQuestion,
  { version, discovered, active }: CatalogAnswer,
): SessionProject & Entered {
  const overtaken = before.version !== null && version < before.version;
  const unchanged = workingDirectory !== null && discovered === null;
  if (overtaken || unchanged) return { ...before, ...NOT_ENTERED };
  // An unusable config is not silently replaced by another one from the catalog.
  if (discovered === null || before.failure !== null) return { ...before, ...NOT_ENTERED, version, active };
  const current = (before.current?.id ?? null) === currentId ? discovered.current : before.current;
  const { project, ...entered } = switchProject(current, discovered.found);
  return { version, found: discovered.found, current: project, active, failure: null, ...entered };
}

/**
 * Whether the reply registers a config that replaces the unusable one: at the same root, or nearer to the directory. A config
 * farther away never replaces it.
 */
function cures(
  failure: ProjectFailure,
  { workingDirectory }: CatalogQuestion,
  { outcome, answer }: CatalogReply,
): boolean {
  if (workingDirectory === null || outcome?.ok !== true || outcome.value.kind !== "register") return false;
  const { root } = outcome.value.project;
  const isNearest = answer.discovered?.found?.root === root;
  return isNearest && !isNearer(failedRoot(failure) ?? workingDirectory, root, workingDirectory);
}

/** Whether both are equal, so that nothing needs to be stored. */
export const isSameProject = (a: SessionProject, b: SessionProject): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The part of a session that determines its project. */
interface WorkingSession {
  readonly workingDirectory: string | null;
  readonly project: SessionProject;
}

/** The project for a session, or for a call without one (`null`), and which tier chose it. */
export function resolveFor(
  session: WorkingSession | null,
  {
    explicit = null,
    active = null,
  }: { explicit?: Result<Project, ProjectFailure> | null; active?: Project | null } = {},
): Result<Resolution, ProjectFailure> {
  return chooseProject({ explicit, session: sessionConfigOf(session), active: session?.project.active ?? active });
}

function sessionConfigOf(session: WorkingSession | null): SessionConfig {
  if (session === null) return { state: "no_directory" };
  const { workingDirectory, project } = session;
  const failure = project.failure ?? (project.version === null ? ({ kind: "catalog_unavailable" } as const) : null);
  if (failure !== null) return { state: "unusable", failure };
  if (workingDirectory === null) return { state: "no_directory" };
  if (project.found === null) return { state: "no_config", workingDirectory };
  return { state: "found", workingDirectory, found: project.found, current: project.current };
}
