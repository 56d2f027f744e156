import * as z from "zod";
import { defineTool } from "../../author/session-tool.ts";
import { pageInput } from "../../author/tool-input.ts";
import { isoTime } from "../../base/iso-time.ts";
import { type PageEntry, pageOf } from "../../call/page.ts";
import { ok } from "../../model/failure.ts";
import type { SessionContext } from "../../session/session-context.ts";
import { projectRef, sessionOutput, sessionPart, sessionText } from "../session-part.ts";

export const listSessions = defineTool({
  name: "list_sessions",
  title: "List own sessions",
  description:
    "Lists the caller's own active sessions, newest first, to find a lost session_id or one to end. Does not keep them alive. Needs a token",
  annotations: { readOnlyHint: true, openWorldHint: false },
  input: pageInput,
  output: z.object({
    sessions: z.array(
      z.object({
        session_id: z.string(),
        working_directory: z.string().nullable(),
        project: projectRef.nullable(),
        client: z.string().nullable(),
        last_used: z.iso.datetime(),
        expires_at: z.iso.datetime(),
      }),
    ),
    not_responding: z.array(z.string()),
    next_cursor: z.string().nullable().describe("Pass it as cursor for more"),
    session_id: sessionOutput.session_id,
  }),
  async run({ cursor, session_id }, call) {
    const named = await call.named(session_id);
    if (!named.ok) return named;
    const page = await call.list(cursor);
    if (!page.ok) return page;
    const entries = page.value.sessions.map(({ sessionId, context, cursor }): PageEntry<SessionView | string> => {
      if (context === null) return { view: sessionId, line: `${sessionId}: not responding right now`, cursor };
      return {
        view: sessionView(context),
        line: sessionText(sessionPart(sessionId, context)),
        cursor,
      };
    });
    const { views, nextCursor, text } = pageOf(entries, page.value.nextCursor, { empty: "No active sessions" });
    const structured = {
      sessions: views.filter((view) => typeof view !== "string"),
      not_responding: views.filter((view) => typeof view === "string"),
      next_cursor: nextCursor,
      session_id: named.value,
    };
    return ok({ structured, text: named.value === null ? text : `${text}\nThis session_id: ${named.value}` });
  },
});

type SessionView = ReturnType<typeof sessionView>;

const sessionView = (context: SessionContext) => ({
  session_id: context.sessionId,
  working_directory: context.workingDirectory,
  // Until the catalog has answered, `current` is still the project of the previous directory: report it as unknown.
  project: context.project.version === null ? null : context.project.current,
  client: context.client,
  last_used: isoTime(context.lastUsed),
  expires_at: isoTime(context.expiresAt),
});
