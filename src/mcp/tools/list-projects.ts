import * as z from "zod";
import { ok } from "../../failure.ts";
import { rootKey } from "../../projects/discovery.ts";
import { pageOf } from "../page.ts";
import { projectOutput, projectView, replyPart } from "../project-tool.ts";
import { defineTool, sessionOutput } from "../session-tool.ts";
import { sessionIdArgument, textArgument, toolInput } from "../tool-input.ts";

export const listProjects = defineTool({
  name: "list_projects",
  title: "List projects",
  description:
    "Lists the caller's registered projects, ordered by root directory, up to 100 at a time. For callers without a token those of one session.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    cursor: textArgument("next_cursor of an earlier result, for the projects after those").optional(),
    session_id: sessionIdArgument,
  }),
  output: z.object({
    projects: z.array(projectOutput),
    active_project: z.string().nullable().describe("Id of the active project"),
    next_cursor: z.string().nullable().describe("Pass it as cursor for more; null: these were the last"),
    ...sessionOutput,
  }),
  async run({ cursor, session_id }, call) {
    const reply = await call.project(session_id, { operation: { kind: "list", cursor: cursor ?? null } });
    if (!reply.ok) return reply;
    const { outcome, active } = reply.value;
    if (outcome?.ok === false) return outcome;
    if (outcome?.value.kind !== "list") throw new Error("The catalog answered another question");
    const { projects, nextCursor } = outcome.value;
    const entries = projects.map((project) => ({
      view: projectView(project),
      line: `${JSON.stringify(project.name)} (${project.id}) at ${JSON.stringify(project.root)}`,
      cursor: rootKey(project.root),
    }));
    const rest = { active_project: active?.id ?? null, ...replyPart(reply.value) };
    const page = pageOf(entries, nextCursor, { rest, empty: "No projects" });
    return ok({ structured: { projects: [...page.views], next_cursor: page.nextCursor, ...rest }, text: page.text });
  },
});
