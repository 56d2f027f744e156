import { z } from "zod";
import { ok } from "../../failure.ts";
import { ANONYMOUS } from "../../session/session-context.ts";
import { defineTool } from "../session-tool.ts";

export const getSessionCount = defineTool({
  name: "get_session_count",
  title: "Count active sessions",
  description:
    "Returns how many sessions have a context on this server right now, in total and by region. The number is exact.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: z.strictObject({}),
  output: z.object({
    active_sessions: z.int().min(0).describe("Sessions that have a context"),
    yours: z.int().min(0).optional().describe("How many of them are the caller's own; only for callers with a token"),
    by_region: z
      .record(z.string(), z.int().min(1))
      .describe("The same by region of their registry; empty regions are left out"),
  }),
  async run(_args, call) {
    const count = await call.count();
    if (!count.ok) return count;
    const { total, yours, byRegion } = count.value;
    const own = call.caller.principal === ANONYMOUS ? {} : { yours };
    return ok({
      structured: { active_sessions: total, ...own, by_region: byRegion },
      text: `Active sessions: ${total}${own.yours === undefined ? "" : `, of these yours: ${yours}`}`,
    });
  },
});
