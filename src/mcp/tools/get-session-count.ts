import * as z from "zod";
import { ok } from "../../failure.ts";
import { hasScope } from "../../scopes.ts";
import { ANONYMOUS } from "../../session/session-context.ts";
import { defineTool } from "../session-tool.ts";
import { toolInput } from "../tool-input.ts";

export const getSessionCount = defineTool({
  name: "get_session_count",
  title: "Count active sessions",
  description:
    "Returns how many sessions have a context on this server right now, in total and by region. The number is exact. " +
    "Callers with a token see how many are their own, and the rest only with the scope admin.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({}),
  output: z.object({
    active_sessions: z.int().min(0).nullable().describe("Sessions that have a context; null without the scope admin"),
    yours: z.int().min(0).optional().describe("How many of them are the caller's own; only for callers with a token"),
    by_region: z
      .record(z.string(), z.int().min(1))
      .nullable()
      .describe("The same by the region that they began in, or unknown; empty regions are left out"),
    hint: z.string().optional().describe("Why there is no number"),
  }),
  async run(_args, call) {
    const isAnonymous = call.caller.principal === ANONYMOUS;
    // How many others there are is not everybody's business; the caller's own number is.
    if (!hasScope(call.caller, "admin")) {
      const own = await call.countOwn();
      if (!own.ok) return own;
      const yours = own.value;
      const hint = "The number of all sessions is shown with the scope admin only, which your token does not have";
      return ok({
        structured: { active_sessions: null, ...(!isAnonymous && { yours }), by_region: null, hint },
        text: `Active sessions of yours: ${yours}. ${hint}`,
      });
    }
    const count = await call.count();
    if (!count.ok) return count;
    const { total, yours, byRegion } = count.value;
    const own = isAnonymous ? {} : { yours };
    return ok({
      structured: { active_sessions: total, ...own, by_region: byRegion },
      text: `Active sessions: ${total}${own.yours === undefined ? "" : `, of these yours: ${yours}`}`,
    });
  },
});
