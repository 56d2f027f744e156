import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, textArgument, toolInput } from "../../author/tool-input.ts";
import { fail, ok } from "../../model/failure.ts";
import { parseWorkingDirectory } from "../../model/working-directory.ts";
import { replyPart } from "../project-tool.ts";
import { sessionOutput, sessionText } from "../session-part.ts";

export const removeProject = defineTool({
  name: "remove_project",
  title: "Remove project",
  description: "Removes the project registered at a root directory. Sessions that work there leave it",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    root: textArgument("Root directory, as list_projects shows it"),
    session_id: sessionIdArgument,
  }),
  output: z.object({ removed: z.boolean(), ...sessionOutput }),
  async run({ root, session_id }, call) {
    const path = parseWorkingDirectory(root);
    if (!path.ok) return fail({ kind: "path_invalid", argument: "root", fault: path.failure, path: root });
    const reply = await call.project(session_id, { operation: { kind: "remove", root: path.value } });
    if (!reply.ok) return reply;
    const { outcome } = reply.value;
    if (outcome?.ok === false) return outcome;
    if (outcome?.value.kind !== "remove") throw new Error("The catalog answered another question");
    const { removed } = outcome.value;
    const part = replyPart(reply.value);
    return ok({
      structured: { removed, ...part },
      text: `${removed ? "Removed the project" : "No project is registered"} at ${JSON.stringify(path.value)}. ${sessionText(part)}`,
    });
  },
});
