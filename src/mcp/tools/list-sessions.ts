import * as z from "zod";
import { ok } from "../../failure.ts";
import type { SessionContext } from "../../session/session-context.ts";
import { type PageEntry, pageOf } from "../page.ts";
import { defineTool, isoTime, projectRef } from "../session-tool.ts";
import { textArgument, toolInput } from "../tool-input.ts";

export const listSessions = defineTool({
  name: "list_sessions",
  title: "List own sessions",
  description:
    "Lists the caller's own active sessions, newest first, with working directory, project and expiry. Use it to find the session_id again " +
    "after it was lost, or to see which sessions can be ended. Does not keep them alive. Refused to callers without a token.",
  annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
  input: toolInput({
    cursor: textArgument("next_cursor of an earlier result, for the sessions after those").optional(),
  }),
  output: z.object({
    sessions: z.array(
      z.object({
        session_id: z.string(),
        working_directory: z.string().nullable(),
        project: projectRef.nullable().describe("The project that the session was on when it was last used"),
        client: z.string().nullable().describe("The client that set the working directory"),
        last_used: z.iso.datetime().describe("To the minute"),
        expires_at: z.iso.datetime(),
      }),
    ),
    not_responding: z
      .array(z.string())
      .describe("Ids of sessions that did not respond just now, so that nothing else is known of them. Normally empty"),
    next_cursor: z.string().nullable().describe("Pass it as cursor for more; null: these were the last"),
  }),
  async run({ cursor }, call) {
    const page = await call.list(cursor);
    if (!page.ok) return page;
    const entries = page.value.sessions.map(({ sessionId, context, cursor }): PageEntry<SessionView | string> => {
      if (context === null) return { view: sessionId, line: `${sessionId}: not responding right now`, cursor };
      return {
        view: sessionView(context),
        line: `${sessionId}: ${context.workingDirectory ?? "no working directory"}`,
        cursor,
      };
    });
    const { views, nextCursor, text } = pageOf(entries, page.value.nextCursor, { empty: "No active sessions" });
    const structured = {
      sessions: views.filter((view) => typeof view !== "string"),
      not_responding: views.filter((view) => typeof view === "string"),
      next_cursor: nextCursor,
    };
    return ok({ structured, text });
  },
});

type SessionView = ReturnType<typeof sessionView>;

const sessionView = (context: SessionContext) => ({
  session_id: context.sessionId,
  working_directory: context.workingDirectory,
  // Unknown while the catalog has not been heard: then it is what the session was on in the directory before.
  project: context.project.version === null ? null : context.project.current,
  client: context.client,
  last_used: isoTime(context.lastUsed),
  expires_at: isoTime(context.expiresAt),
});
