import { fail, ok, type Result } from "../model/failure.ts";
import { ANONYMOUS, type Principal } from "../model/principal.ts";
import { decodeCursor, encodeCursor } from "../registry/list-cursor.ts";
import type { RegistryClient } from "../registry/registry-client.ts";
import { peekForList } from "../session/peek-for-list.ts";
import type { SessionContext } from "../session/session-context.ts";
import type { Sessions } from "../session/sessions.ts";
import { LIST_PAGE } from "./limits.ts";

interface OwnSession {
  readonly sessionId: string;
  /** Null: the session did not answer, but the registry lists it as active. */
  readonly context: SessionContext | null;
  /** Continues the list after this session. */
  readonly cursor: string;
}

export interface OwnSessions {
  readonly sessions: readonly OwnSession[];
  readonly nextCursor: string | null;
}

/** A page of a principal's own sessions, newest first. Peeks at each session: listing is not an access. */
export async function ownSessions(
  { registry, sessions }: { readonly registry: RegistryClient; readonly sessions: Sessions },
  principal: Principal,
  cursor: string | undefined,
): Promise<Result<OwnSessions>> {
  if (principal === ANONYMOUS) return fail({ kind: "anonymous_refused" });
  const position = cursor === undefined ? null : decodeCursor(cursor);
  if (cursor !== undefined && position === null) return fail({ kind: "cursor_invalid", cursor });
  const entries = await registry.list(principal, position, LIST_PAGE);
  if (!entries.ok) return entries;
  const peeks = await Promise.all(
    entries.value.map(async (entry) => ({ entry, peeked: await peek(sessions, principal, entry.sessionId) })),
  );
  const listed = peeks.flatMap(({ entry, peeked }): OwnSession[] => {
    // Ended or expired since the registry listed it.
    if (peeked === null) return [];
    const context = peeked === "unanswered" ? null : peeked;
    return [{ sessionId: entry.sessionId, context, cursor: encodeCursor(entry) }];
  });
  const last = entries.value.length === LIST_PAGE ? entries.value.at(-1) : undefined;
  return ok({ sessions: listed, nextCursor: last === undefined ? null : encodeCursor(last) });
}

async function peek(
  sessions: Sessions,
  principal: Principal,
  sessionId: string,
): Promise<SessionContext | null | "unanswered"> {
  const session = sessions.parse(sessionId);
  return session.ok ? peekForList(() => sessions.peek(session.value, principal)) : null;
}
