import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, textArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { resolveFor } from "../../session/session-project.ts";
import { sessionOutput, sessionPart, sessionText } from "../session-part.ts";

export const resolveProject = defineTool({
  name: "resolve_project",
  title: "Resolve project",
  description:
    "Tells which project a call works on, and why: the one that you name, else the one of the session's directory, else the active one, else none. " +
    "A named project that does not exist is an error. Call it before you change anything. Keeps the session alive",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: toolInput({
    project: textArgument("Id or exact name of a registered project").optional(),
    session_id: sessionIdArgument,
  }),
  output: z.object({
    ...sessionOutput,
    config_path: z.string().nullable(),
    reason: z.string(),
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
      text: `${sessionText(part)}: ${reason}`,
    });
  },
});
