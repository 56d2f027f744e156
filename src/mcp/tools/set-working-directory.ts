import { z } from "zod";
import { fail, ok } from "../../failure.ts";
import { parseWorkingDirectory } from "../../session/working-directory.ts";
import { defineTool, sessionIdArgument, sessionOutput, sessionPart } from "../session-tool.ts";

export const setWorkingDirectory = defineTool({
  name: "set_working_directory",
  title: "Set working directory",
  description:
    "Sets the directory that this conversation works in. Call it once at the start, and again whenever the project changes. " +
    "The result names the session: pass that session_id to every later call of this server. Without session_id it opens a new session " +
    "(unless your client keeps one itself); with the id of a session that has expired or was ended it begins that session anew.",
  annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({
    directory: z
      .string()
      .describe(
        'Absolute path on the client\'s machine: "/home/me/project", "C:\\project", "\\\\host\\share\\project" or a file:// URI',
      ),
    session_id: sessionIdArgument,
  }),
  output: z.object({
    success: z.literal(true),
    created: z.boolean().describe("Whether a context began; false if one was changed"),
    ...sessionOutput,
  }),
  async run({ directory, session_id }, call, client) {
    const path = parseWorkingDirectory(directory);
    if (!path.ok) return fail({ kind: "path_invalid", fault: path.failure, path: directory });
    const set = await call.set(session_id, path.value, client);
    if (!set.ok) return set;
    const { created, context } = set.value;
    const part = sessionPart(context.sessionId, context);
    return ok({
      structured: { success: true as const, created, ...part },
      text: `Working directory set to ${JSON.stringify(part.working_directory)} in ${created ? "a new context of " : ""}session ${part.session_id}, kept until ${part.expires_at} and longer with every use. Pass this session_id to every later call.`,
    });
  },
});
