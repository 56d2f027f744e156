import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { isoTime } from "../../base/iso-time.ts";
import { ok } from "../../model/failure.ts";
import { noContextHint, projectText, sessionOutput, sessionPart } from "../session-part.ts";

const text = z.string().nullable();
const time = z.iso.datetime().nullable();

export const getSessionContext = defineTool({
  name: "get_session_context",
  title: "Get session context",
  description: "Returns everything that this session remembers, or nulls with a hint. Keeps the session alive",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: toolInput({ session_id: sessionIdArgument }),
  output: z.object({
    ...sessionOutput,
    config_path: text,
    project_id: text,
    client: text,
    set_at: time,
    last_used: time.describe("Before this call, to the minute"),
    hint: z.string().optional(),
  }),
  async run({ session_id }, call) {
    const got = await call.get(session_id);
    if (!got.ok) return got;
    const { sessionId, context } = got.value;
    const structured = {
      ...sessionPart(sessionId, context),
      config_path: context?.project.found?.configPath ?? null,
      project_id: context?.project.current?.id ?? null,
      client: context?.client ?? null,
      set_at: context === null ? null : isoTime(context.setAt),
      last_used: context === null ? null : isoTime(context.lastUsed),
    };
    if (context === null) {
      const hint = noContextHint(sessionId);
      return ok({ structured: { ...structured, hint }, text: hint });
    }
    const { project: _, tier: __, project_error: ___, ...plain } = structured;
    const lines = Object.entries(plain).map(([field, value]) => `${field}: ${value ?? "none"}`);
    lines.push(projectText(structured));
    return ok({ structured, text: lines.join("\n") });
  },
});
