import { quote } from "../base/quote.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import { type Project, type ProjectRef, refOf } from "./project.ts";
import type { ProjectFailure } from "./project-failure.ts";

/**
 * What chose the project, strongest first.
 * @example
 * ```ts
 * import type { Tier } from "mcp-session-context";
 *
 * const isGuess = (tier: Tier) => tier === "active" || tier === "default";
 * ```
 */
export type Tier = "explicit" | "session" | "active" | "default";

/** What the working directory of a session says about its project. */
export type SessionConfig =
  /** No session, or no working directory. */
  | { readonly state: "no_directory" }
  /** No config in the directory or its ancestors. */
  | { readonly state: "no_config"; readonly workingDirectory: string }
  /** A config exists but cannot be used, or it is unknown whether one exists. */
  | { readonly state: "unusable"; readonly failure: ProjectFailure }
  | {
      readonly state: "found";
      readonly workingDirectory: string;
      readonly found: Project;
      /** The session's project: `found`, unless its `auto_switch` or `dry_run` kept the session on the previous project. */
      readonly current: ProjectRef | null;
    };

/** All inputs of a resolution, fetched beforehand. */
export interface ResolutionInput {
  /** The lookup of the project that the call names; null if it names none. */
  readonly explicit: Result<Project, ProjectFailure> | null;
  readonly session: SessionConfig;
  /** The active project of the principal. */
  readonly active: Project | null;
}

/**
 * Which project a call works on, and why.
 * @example
 * ```ts
 * import type { Resolution } from "mcp-session-context";
 *
 * const explain = ({ project, tier, reason }: Resolution) => `${project?.name ?? "no project"} (${tier}): ${reason}`;
 * ```
 */
export interface Resolution {
  /** Null: no project; the caller's default applies. */
  readonly project: ProjectRef | null;
  readonly tier: Tier;
  /** The path of that project's config, if known. */
  readonly configPath: string | null;
  /** Why, in a sentence. */
  readonly reason: string;
}

/**
 * Chooses the project that a call works on. A named project that does not exist is a failure, and so is a config that exists
 * but cannot be used: neither ever falls through to a weaker tier.
 */
export function chooseProject({ explicit, session, active }: ResolutionInput): Result<Resolution, ProjectFailure> {
  if (explicit !== null) return explicit.ok ? resolveExplicit(explicit.value, session) : explicit;
  if (session.state === "unusable") return fail(session.failure);
  if (session.state === "found" && session.current !== null) return ok(resolveSession(session, session.current));
  const before = passedOver(session);
  if (active !== null) {
    const reason = `${before}; ${quote(active.name)} is the active project`;
    return ok({ project: refOf(active), tier: "active", configPath: active.configPath, reason });
  }
  return ok({ project: null, tier: "default", configPath: null, reason: `${before}, and no project is active` });
}

function resolveExplicit(named: Project, session: SessionConfig): Result<Resolution, ProjectFailure> {
  if (session.state === "found" && session.found.strictMode && session.found.id !== named.id) {
    const { configPath } = session.found;
    return fail({ kind: "project_mismatch", named: refOf(named), configured: refOf(session.found), configPath });
  }
  const reason = `the call names ${quote(named.name)}`;
  return ok({ project: refOf(named), tier: "explicit", configPath: named.configPath, reason });
}

type FoundConfig = Extract<SessionConfig, { state: "found" }>;

function resolveSession({ workingDirectory, found }: FoundConfig, project: ProjectRef): Resolution {
  if (found.id === project.id) {
    const reason = `${quote(found.configPath)} is the nearest config from ${quote(workingDirectory)} upward`;
    return { project: refOf(found), tier: "session", configPath: found.configPath, reason };
  }
  const reason = `${kept(found)}, so the session stays on ${quote(project.name)}`;
  return { project, tier: "session", configPath: null, reason };
}

const kept = (found: Project): string =>
  `${quote(found.configPath)} names ${quote(found.name)} but has ${found.autoSwitch ? "dry_run on" : "auto_switch off"}`;

/** Why the session's tier did not decide. */
function passedOver(session: Exclude<SessionConfig, { state: "unusable" }>): string {
  switch (session.state) {
    case "no_directory":
      return "the session has no working directory";
    case "no_config":
      return `there is no config from ${quote(session.workingDirectory)} upward`;
    case "found":
      return kept(session.found);
  }
}
