import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { sessionIdArgument, toolInput } from "../../author/tool-input.ts";
import { ok } from "../../model/failure.ts";
import { ANONYMOUS } from "../../model/principal.ts";
import { hasScope } from "../../model/scopes.ts";
import { sessionOutput } from "../session-part.ts";

export const getSessionCount = defineTool({
  name: "get_session_count",
  title: "Count active sessions",
  description:
    "Returns how many sessions are active on this server, exactly, in total and by region. With a token the total needs the scope admin",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: toolInput({ session_id: sessionIdArgument }),
  output: z.object({
    active_sessions: z.int().min(0).nullable(),
    yours: z.int().min(0).optional().describe("The caller's own"),
    by_region: z.record(z.string(), z.int().min(1)).nullable().describe("By region of the first set"),
    hint: z.string().optional(),
    session_id: sessionOutput.session_id,
  }),
  async run({ session_id }, call) {
    const named = await call.named(session_id);
    if (!named.ok) return named;
    const session = { session_id: named.value };
    const sessionWords = named.value === null ? "" : `. session_id: ${named.value}`;
    const isAnonymous = call.caller.principal === ANONYMOUS;
    // Without the scope admin, callers see only the number of their own sessions.
    if (!hasScope(call.caller, "admin")) {
      const own = await call.countOwn();
      if (!own.ok) return own;
      const yours = own.value;
      const hint = "The number of all sessions is shown with the scope admin only, which your token does not have";
      return ok({
        structured: { active_sessions: null, ...(!isAnonymous && { yours }), by_region: null, hint, ...session },
        text: `Active sessions of yours: ${yours}. ${hint}${sessionWords}`,
      });
    }
    const count = await call.count();
    if (!count.ok) return count;
    const { total, yours, byRegion } = count.value;
    const own = isAnonymous ? {} : { yours };
    return ok({
      structured: { active_sessions: total, ...own, by_region: byRegion, ...session },
      text: `Active sessions: ${total}${own.yours === undefined ? "" : `, of these yours: ${yours}`}${sessionWords}`,
    });
  },
});
