import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { pageInput } from "../../author/tool-input.ts";
import { pageOf } from "../../call/page.ts";
import { fail, ok } from "../../model/failure.ts";
import { splitPath } from "../../model/working-directory.ts";
import { rootKey } from "../../projects/discovery.ts";
import { projectOutput, projectView, replyPart } from "../project-tool.ts";
import { sessionOutput, sessionText } from "../session-part.ts";

export const listProjects = defineTool({
  name: "list_projects",
  title: "List projects",
  description: "Lists the caller's registered projects by root directory; without a token those of one session",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: pageInput,
  output: z.object({
    projects: z.array(projectOutput),
    active_project: z.string().nullable().describe("Its id"),
    next_cursor: z.string().nullable().describe("Pass it as cursor for more"),
    ...sessionOutput,
  }),
  async run({ cursor, session_id }, call) {
    // A cursor is the key of a root directory, and so an absolute path.
    if (cursor !== undefined && !splitPath(cursor).ok) return fail({ kind: "cursor_invalid", cursor });
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
    const part = replyPart(reply.value);
    const rest = { active_project: active?.id ?? null, ...part };
    const words = sessionText(part);
    const page = pageOf(entries, nextCursor, { rest: { rest, words }, empty: "No projects" });
    return ok({
      structured: { projects: [...page.views], next_cursor: page.nextCursor, ...rest },
      text: `${page.text}\n${words}`,
    });
  },
});
