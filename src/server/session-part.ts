import * as z from "zod";
import { isoTime } from "../base/iso-time.ts";
import type { Result } from "../model/failure.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { Resolution } from "../projects/resolve-project.ts";
import type { SessionContext } from "../session/session-context.ts";
import { resolveFor } from "../session/session-project.ts";
import { describeOwnFailure } from "./describe-own-failure.ts";

/** The parts of results that this server's own tools share. */

export const projectRef = z.object({ id: z.string(), name: z.string() });

/** The fields of every result about a session. */
export const sessionOutput = {
  session_id: z.string().nullable().describe("Pass it to every later call"),
  working_directory: z.string().nullable(),
  expires_at: z.iso.datetime().nullable(),
  project: projectRef.nullable().describe("{id, name}"),
  tier: z
    .enum(["explicit", "session", "active", "default"])
    .nullable()
    .describe("explicit, session, active or default"),
  project_error: z.string().optional(),
};

/**
 * The common part of a result; `context` is null if the session has none.
 * @param resolution The resolved project, if the tool has resolved it itself.
 */
export function sessionPart(
  sessionId: string | null,
  context: SessionContext | null,
  resolution: Result<Resolution, ProjectFailure> | null = context && resolveFor(context),
) {
  return {
    session_id: sessionId,
    working_directory: context?.workingDirectory ?? null,
    expires_at: context === null ? null : isoTime(context.expiresAt),
    ...projectPart(resolution),
  };
}

function projectPart(resolution: Result<Resolution, ProjectFailure> | null) {
  if (resolution === null) return { project: null, tier: null };
  if (!resolution.ok)
    return { project: null, tier: "session" as const, project_error: describeOwnFailure(resolution.failure) };
  const { project, tier } = resolution.value;
  return { project, tier };
}

/** Describes the project for the text form of a result. */
export const projectText = ({ project, tier, project_error }: ReturnType<typeof sessionPart>): string => {
  if (project_error !== undefined) return `Project unknown: ${project_error}`;
  return project === null ? "No project" : `Project ${JSON.stringify(project.name)} (${project.id}, tier ${tier})`;
};

/** The common part in words, for models that read only the text of a result. */
export const sessionText = (part: ReturnType<typeof sessionPart>): string => {
  const { session_id, working_directory } = part;
  if (session_id === null) return `session_id: none. ${projectText(part)}`;
  const directory = working_directory === null ? "none" : JSON.stringify(working_directory);
  return `session_id: ${session_id}. Working directory: ${directory}. ${projectText(part)}`;
};

/** Says what to do if there is no context: never set, expired or ended. */
export const noContextHint = (sessionId: string | null): string =>
  sessionId === null
    ? "This call names no session. Call set_working_directory with the absolute path of the project directory; pass the session_id of its result to every later call"
    : "This session has no working directory: none was set, it was ended, or it expired. Call set_working_directory with this session_id and the absolute path of the project directory";
