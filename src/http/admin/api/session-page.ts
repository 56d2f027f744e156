import { isoTime } from "../../../base/iso-time.ts";
import { LIST_PAGE } from "../../../call/limits.ts";
import { type Failure, fail, ok, type Result } from "../../../model/failure.ts";
import type { Principal } from "../../../model/principal.ts";
import { decodeCursor, encodeCursor } from "../../../registry/list-cursor.ts";
import type { RegistryClient } from "../../../registry/registry-client.ts";
import type { RegistryEntry } from "../../../registry/shard-messages.ts";
import { peekForList } from "../../../session/peek-for-list.ts";
import type { Sessions } from "../../../session/sessions.ts";
import type { SessionJson, SessionPageJson } from "./schemas.ts";

/** The stores that an operator's pages read. */
export interface OperatorStores {
  readonly sessions: Sessions;
  readonly registry: RegistryClient;
}

export type CursorInvalid = Extract<Failure, { kind: "cursor_invalid" }>;

/**
 * A page of all active sessions, or of one principal's, newest first. Peeks at each session, so listing does not extend
 * its life. A session that does not answer is listed with the registry's data; one that has ended meanwhile is omitted.
 * `missing_shards` lists registry shards that do not respond; their sessions are missing.
 */
export async function sessionPage(
  { sessions, registry }: OperatorStores,
  { principal = null, cursor = null }: { principal?: Principal | null; cursor?: string | null },
): Promise<Result<SessionPageJson, CursorInvalid>> {
  const position = cursor === null ? null : decodeCursor(cursor);
  if (cursor !== null && position === null) return fail({ kind: "cursor_invalid", cursor });
  const { entries, missing } = await registry.listAll(principal, position, LIST_PAGE);
  const rows = await Promise.all(entries.map((entry) => sessionRow(sessions, entry)));
  const last = entries.length === LIST_PAGE ? entries.at(-1) : undefined;
  return ok({
    sessions: rows.filter((row) => row !== null),
    next_cursor: last === undefined ? null : encodeCursor(last),
    missing_shards: [...missing],
  });
}

async function sessionRow(sessions: Sessions, entry: RegistryEntry): Promise<SessionJson | null> {
  const session = sessions.parse(entry.sessionId);
  const peeked = session.ok ? await peekForList(() => sessions.peekAsOperator(session.value)) : "unanswered";
  if (peeked === null) return null;
  const context = peeked === "unanswered" ? null : peeked;
  return {
    session_id: entry.sessionId,
    principal: entry.principal,
    client: entry.client,
    project: context?.project.current ?? null,
    opened_at: isoTime(entry.openedAt),
    last_used: context && isoTime(context.lastUsed),
    expires_at: context && isoTime(context.expiresAt),
  };
}
