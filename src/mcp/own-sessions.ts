import { LIST_PAGE } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import { decodeCursor, encodeCursor } from "../registry/list-cursor.ts";
import type { Registry } from "../registry/registry.ts";
import { ANONYMOUS, type Principal, type SessionContext } from "../session/session-context.ts";
import type { Sessions } from "../session/sessions.ts";

export interface OwnSessions {
  /** `cursor` leads on after this one. */
  readonly sessions: readonly { readonly context: SessionContext; readonly cursor: string }[];
  readonly nextCursor: string | null;
}

/** A page of a principal's own sessions, newest first. Peeks at each: listing keeps nothing alive. */
export async function ownSessions(
  { registry, sessions }: { readonly registry: Registry; readonly sessions: Sessions },
  principal: Principal,
  cursor: string | undefined,
): Promise<Result<OwnSessions>> {
  if (principal === ANONYMOUS) return fail({ kind: "anonymous_refused" });
  const position = cursor === undefined ? null : decodeCursor(cursor);
  if (cursor !== undefined && position === null) return fail({ kind: "cursor_invalid", cursor });
  const entries = await registry.list(principal, position, LIST_PAGE);
  if (!entries.ok) return entries;
  const peeks = await Promise.all(
    entries.value.map(async (entry) => ({
      cursor: encodeCursor(entry),
      peeked: await peek(sessions, principal, entry.sessionId),
    })),
  );
  const listed = [];
  for (const { cursor, peeked } of peeks) {
    if (!peeked.ok) return peeked;
    // Ended or expired since it was listed: no active session.
    if (peeked.value !== null) listed.push({ context: peeked.value, cursor });
  }
  const last = entries.value.length === LIST_PAGE ? entries.value.at(-1) : undefined;
  return ok({ sessions: listed, nextCursor: last === undefined ? null : encodeCursor(last) });
}

async function peek(
  sessions: Sessions,
  principal: Principal,
  sessionId: string,
): Promise<Result<SessionContext | null, Failure>> {
  const session = sessions.parse(sessionId);
  if (!session.ok) return ok(null);
  const peeked = await sessions.peek(session.value, principal);
  // The row outlives a session that has been deleted or has passed to somebody else by a moment.
  return !peeked.ok && peeked.failure.kind !== "session_unavailable" ? ok(null) : peeked;
}
