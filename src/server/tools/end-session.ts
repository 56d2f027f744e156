import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { noContextHint, sessionOutput, sessionPart } from "../session-part.ts";

export const endSession = defineTool({
  name: "end_session",
  title: "End session",
  description: "Deletes what this session remembers. The session_id stays usable: set_working_directory begins it anew",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({ session_id: sessionIdArgument }),
  output: z.object({
    ended: z.boolean().describe("false: there was no context"),
    ...sessionOutput,
    hint: z.string().optional(),
  }),
  async run({ session_id }, call) {
    const end = await call.end(session_id);
    if (!end.ok) return end;
    const { sessionId, ended } = end.value;
    const structured = { ended, ...sessionPart(sessionId, null) };
    if (sessionId === null) {
      const hint = noContextHint(null);
      return ok({ structured: { ...structured, hint }, text: `Nothing was ended. ${hint}` });
    }
    const endedHint = "To begin anew, call set_working_directory with this session_id";
    return ok({
      structured,
      text: ended
        ? `Session ${sessionId} ended: it has no working directory and no project now. ${endedHint}`
        : `Session ${sessionId} had no context; nothing was ended. ${endedHint}`,
    });
  },
});
