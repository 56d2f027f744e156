import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { nameArgument, sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { resolveFor } from "../../session/session-project.ts";
import { projectText, sessionOutput, sessionPart } from "../session-part.ts";

export const resolveProject = defineTool({
  name: "resolve_project",
  title: "Resolve project",
  description:
    "Tells which project a call works on, and why. In this order: the project that you name by id or exact name, the one that the session's working " +
    "directory leads to, the caller's active project, none. A named project that does not exist, or a config that cannot be used, is an error and never " +
    "replaced by another project. Use it before you change anything, to be sure. Keeps the session alive.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    project: nameArgument("Id or exact name of a registered project").optional(),
    session_id: sessionIdArgument,
  }),
  output: z.object({
    ...sessionOutput,
    config_path: z.string().nullable().describe("The config of that project, where it is known"),
    reason: z.string().describe("Why it is this project"),
  }),
  async run({ project, session_id }, call) {
    const reply = await call.project(session_id, { explicit: project ?? null });
    if (!reply.ok) return reply;
    const { sessionId, context, explicit, active } = reply.value;
    const resolved = resolveFor(context, { explicit, active });
    if (!resolved.ok) return resolved;
    const { configPath, reason } = resolved.value;
    const part = sessionPart(sessionId, context, resolved);
    return ok({
      structured: { ...part, config_path: configPath, reason },
      text: `${projectText(part)}: ${reason}`,
    });
  },
});
