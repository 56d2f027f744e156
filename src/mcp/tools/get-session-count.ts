import { z } from "zod";
import { ok } from "../../failure.ts";
import { hasScope } from "../../scopes.ts";
import { defineTool } from "../session-tool.ts";

export const getSessionCount = defineTool({
  name: "get_session_count",
  title: "Count active sessions",
  description:
    "Returns how many sessions have a context on this server right now, in total and by region. The number is exact. " +
    "Where callers are authenticated, it is shown to those with the scope admin only.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({}),
  output: z.object({
    active_sessions: z.int().min(0).nullable().describe("Sessions that have a context; null without the scope admin"),
    by_region: z
      .record(z.string(), z.int().min(1))
      .nullable()
      .describe("The same by region of their registry; empty regions are left out"),
    hint: z.string().optional().describe("Why there is no number"),
  }),
  async run(_args, call) {
    // How many others there are is not everybody's business. The caller's own number, once there is one, is: it belongs
    // into both answers.
    if (!hasScope(call.caller, "admin")) {
      const hint = "The number of all sessions is shown with the scope admin only, which your token does not have";
      return ok({ structured: { active_sessions: null, by_region: null, hint }, text: hint });
    }
    const count = await call.count();
    if (!count.ok) return count;
    const { total, byRegion } = count.value;
    return ok({ structured: { active_sessions: total, by_region: byRegion }, text: `Active sessions: ${total}` });
  },
});
