import { LIST_PAGE } from "../../constants.ts";
import { type Failure, fail, ok, type Result } from "../../failure.ts";
import { decodeCursor, encodeCursor } from "../../registry/list-cursor.ts";
import type { Registry } from "../../registry/registry.ts";
import type { RegistryEntry } from "../../registry/session-registry.ts";
import type { Principal } from "../../session/session-context.ts";
import type { Sessions } from "../../session/sessions.ts";
import type { SessionJson, SessionPageJson } from "./schemas.ts";

/** The objects behind the pages of an operator. */
export interface OperatorStores {
  readonly sessions: Sessions;
  readonly registry: Registry;
}

type PageFailure = Extract<Failure, { kind: "registry_unavailable" | "cursor_invalid" }>;

/**
 * A page of all active sessions, newest first, or of one principal's. Peeks at each: listing keeps nothing alive. A session
 * that does not answer is listed with what the registry knows; one that is over by now is left out.
 */
export async function sessionPage(
  { sessions, registry }: OperatorStores,
  { principal = null, cursor = null }: { principal?: Principal | null; cursor?: string | null },
): Promise<Result<SessionPageJson, PageFailure>> {
  const position = cursor === null ? null : decodeCursor(cursor);
  if (cursor !== null && position === null) return fail({ kind: "cursor_invalid", cursor });
  const entries = await registry.listAll(principal, position, LIST_PAGE);
  if (!entries.ok) return entries;
  const rows = await Promise.all(entries.value.map((entry) => sessionRow(sessions, entry)));
  const last = entries.value.length === LIST_PAGE ? entries.value.at(-1) : undefined;
  return ok({
    sessions: rows.filter((row) => row !== null),
    next_cursor: last === undefined ? null : encodeCursor(last),
  });
}

async function sessionRow(sessions: Sessions, entry: RegistryEntry): Promise<SessionJson | null> {
  const session = sessions.parse(entry.sessionId);
  const peeked = session.ok ? await sessions.peekAsOperator(session.value) : session;
  if (peeked.ok && peeked.value === null) return null;
  const context = peeked.ok ? peeked.value : null;
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

const isoTime = (ms: number): string => new Date(ms).toISOString();
