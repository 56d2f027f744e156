import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { noContextHint, sessionOutput, sessionPart } from "../session-part.ts";

export const endSession = defineTool({
  name: "end_session",
  title: "End session",
  description:
    "Forgets this session's working directory and everything else it remembers. The session_id stays usable: " +
    "set_working_directory begins it anew. May be repeated.",
  annotations: { readOnlyHint: false, destructiveHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({ session_id: sessionIdArgument }),
  output: z.object({
    ended: z.boolean().describe("Whether there was a context to forget"),
    ...sessionOutput,
    hint: z.string().optional().describe("What to do if the call names no session"),
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
    return ok({
      structured,
      text: ended ? `Session ${sessionId} ended` : `Session ${sessionId} had no context; nothing was ended`,
    });
  },
});
