import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, textArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { replyPart } from "../project-tool.ts";
import { projectRef, sessionOutput, sessionText } from "../session-part.ts";

export const setActiveProject = defineTool({
  name: "set_active_project",
  title: "Set active project",
  description:
    "Sets the project that applies where a working directory leads to none, for all of the caller's sessions (without a token: for one). Without project " +
    "none is active",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    project: textArgument("Id or exact name of a registered project; left out: none").optional(),
    session_id: sessionIdArgument,
  }),
  output: z.object({ active_project: projectRef.nullable(), ...sessionOutput }),
  async run({ project, session_id }, call) {
    const reply = await call.project(session_id, { operation: { kind: "set_active", project: project ?? null } });
    if (!reply.ok) return reply;
    const { outcome, active } = reply.value;
    if (outcome?.ok === false) return outcome;
    const part = replyPart(reply.value);
    return ok({
      structured: {
        active_project: active && { id: active.id, name: active.name },
        ...part,
      },
      text: `${active === null ? "No project is active" : `Active project: ${JSON.stringify(active.name)} (${active.id})`}. ${sessionText(part)}`,
    });
  },
});
