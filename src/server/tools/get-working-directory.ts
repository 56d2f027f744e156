import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { noContextHint, sessionOutput, sessionPart, sessionText } from "../session-part.ts";

export const getWorkingDirectory = defineTool({
  name: "get_working_directory",
  title: "Get working directory",
  description:
    "Returns the directory that this conversation works in, or null with a hint. Call it before you create or change files. Keeps the session alive",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: toolInput({ session_id: sessionIdArgument }),
  output: z.object({ ...sessionOutput, hint: z.string().optional() }),
  async run({ session_id }, call) {
    const got = await call.get(session_id);
    if (!got.ok) return got;
    const { sessionId, context } = got.value;
    const part = sessionPart(sessionId, context);
    if (context === null) {
      const hint = noContextHint(sessionId);
      return ok({ structured: { ...part, hint }, text: hint });
    }
    return ok({
      structured: part,
      text: sessionText(part),
    });
  },
});
