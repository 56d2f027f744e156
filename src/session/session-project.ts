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
 * What a session knows of its project: what its directory leads to, as of one version of the catalog.
 * @example
 * ```ts
 * import type { SessionContext, SessionProject } from "mcp-session-context";
 *
 * const projectOf = ({ project }: SessionContext): SessionProject["current"] => project.current;
 * ```
 */
export interface SessionProject {
  /** The catalog's version; null if it could not be asked, so that the next access asks again. */
  readonly version: number | null;
  /** The project of the nearest config. */
  readonly found: Project | null;
  /** The project that the session is on: `found`, unless a switch of its config keeps the session where it was. */
  readonly current: ProjectRef | null;
  readonly active: Project | null;
  /** Why the config that came with the directory cannot be used. Stays until the next set, or {@link cure}. */
  readonly failure: ProjectFailure | null;
}

/** Of a directory that leads nowhere, in a catalog that holds nothing. */
export const NO_PROJECT: SessionProject = { version: 0, found: null, current: null, active: null, failure: null };

/** Of a directory about which the catalog has not been heard yet. */
export const UNKNOWN_PROJECT: SessionProject = { ...NO_PROJECT, version: null };

/** What entering a directory did, for the answer to the set. */
export interface Entered {
  readonly switched: boolean;
  readonly wouldSwitch: boolean;
}

export const NOT_ENTERED: Entered = { switched: false, wouldSwitch: false };

/** A question to the catalog and what became of it. */
export interface Asked {
  readonly question: CatalogQuestion;
  readonly reply: Result<CatalogReply, ProjectFailure>;
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
 * What setting a directory makes of the project of a session that was on `before`. Never fails: the directory is set
 * whatever its config is.
 */
export function enter(
  before: SessionProject,
  config: Result<ProjectRegistration, ProjectFailure> | null,
  { question, reply }: Asked,
): SessionProject & Entered {
  if (config?.ok === false) return enterUnusable(before, config.failure);
  if (!reply.ok) {
    // The config is there and nobody keeps it: what the catalog has instead must not take its place later.
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

/** The same where the config that came along cannot be used: the session is on no project. */
const enterUnusable = (before: SessionProject, failure: ProjectFailure): SessionProject & Entered => ({
  ...before,
  ...NOT_ENTERED,
  found: null,
  current: null,
  failure,
});

/** Why the config that came with the directory cannot be used until the catalog keeps it. */
export const unregistered = ({ root, configPath }: ProjectRegistration): ProjectFailure => ({
  kind: "config_unregistered",
  configPath: configPath ?? defaultConfigPath(root),
});

/**
 * What a reply about the session's directory makes of what the session knows by the time that it comes; one that a
 * later one has overtaken changes nothing. A change that brings another nearest config switches the session as entering
 * the directory would.
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
  // A config that cannot be used is not silently replaced by what the catalog has instead.
  if (discovered === null || before.failure !== null) return { ...before, ...NOT_ENTERED, version, active };
  const current = (before.current?.id ?? null) === currentId ? discovered.current : before.current;
  const { project, ...entered } = switchProject(current, discovered.found);
  return { version, found: discovered.found, current: project, active, failure: null, ...entered };
}

/**
 * Whether the reply says that a config was registered in place of the one that could not be used: at its root or nearer to
 * the directory. One farther away never takes its place.
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

/** Whether both say the same, so that nothing needs to be stored. */
export const isSameProject = (a: SessionProject, b: SessionProject): boolean => JSON.stringify(a) === JSON.stringify(b);

/** What of a session decides about its project. */
interface WorkingSession {
  readonly workingDirectory: string | null;
  readonly project: SessionProject;
}

/** The project of a session, or of a call without one (`null`), and which tier chose it. */
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
