import * as z from "zod";
import type { Project } from "../projects/project.ts";
import { resolveFor } from "../session/session-project.ts";
import type { ProjectReply } from "../session/session-requests.ts";
import { sessionPart } from "./session-part.ts";

/** A registered project in results. */
export const projectOutput = z.object({
  id: z.string(),
  name: z.string(),
  root: z.string(),
  config_path: z.string(),
  auto_switch: z.boolean(),
  strict_mode: z.boolean(),
  dry_run: z.boolean(),
});

export const projectView = ({ id, name, root, configPath, autoSwitch, strictMode, dryRun }: Project) => ({
  id,
  name,
  root,
  config_path: configPath,
  auto_switch: autoSwitch,
  strict_mode: strictMode,
  dry_run: dryRun,
});

/** The common part of a result that came from the catalog: the session's project, or the caller's active one. */
export const replyPart = ({ sessionId, context, active }: ProjectReply & { sessionId: string | null }) =>
  sessionPart(sessionId, context, resolveFor(context, { active }));
