import { type Project, type ProjectRef, refOf } from "./project.ts";

/** How entering a directory changes the project of a session. */
export interface SwitchOutcome {
  /** The session's project from now on. */
  readonly project: ProjectRef | null;
  /** Whether that differs from the previous project. */
  readonly switched: boolean;
  /** Whether the session would have switched with `dry_run` off. */
  readonly wouldSwitch: boolean;
}

/**
 * Decides the project of a session that was on `current` and whose directory now leads to `found`.
 * `auto_switch: false` and `dry_run: true` leave the session on its project. `strict_mode` does not apply: it concerns calls
 * that name a project, and entering a directory names none. A directory without a config belongs to no project.
 */
export function switchProject(current: ProjectRef | null, found: Project | null): SwitchOutcome {
  if (found === null) return { project: null, switched: false, wouldSwitch: false };
  // The same project, perhaps under a new name.
  if (found.id === current?.id) return { project: refOf(found), switched: false, wouldSwitch: false };
  if (!found.autoSwitch) return { project: current, switched: false, wouldSwitch: false };
  if (found.dryRun) return { project: current, switched: false, wouldSwitch: true };
  return { project: refOf(found), switched: true, wouldSwitch: false };
}
