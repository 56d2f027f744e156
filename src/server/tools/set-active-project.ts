import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { nameArgument, sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { replyPart } from "../project-tool.ts";
import { projectRef, sessionOutput } from "../session-part.ts";

export const setActiveProject = defineTool({
  name: "set_active_project",
  title: "Set active project",
  description:
    "Chooses the project that applies wherever the working directory leads to none, or with null chooses none. For all of the caller's sessions; " +
    "for callers without a token for one.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    project: nameArgument("Id or exact name of a registered project")
      .nullable()
      .describe("Id or exact name of a registered project; null: none"),
    session_id: sessionIdArgument,
  }),
  output: z.object({ active_project: projectRef.nullable(), ...sessionOutput }),
  async run({ project, session_id }, call) {
    const reply = await call.project(session_id, { operation: { kind: "set_active", project } });
    if (!reply.ok) return reply;
    const { outcome, active } = reply.value;
    if (outcome?.ok === false) return outcome;
    return ok({
      structured: {
        active_project: active && { id: active.id, name: active.name },
        ...replyPart(reply.value),
      },
      text: active === null ? "No project is active" : `Active project: ${JSON.stringify(active.name)} (${active.id})`,
    });
  },
});
