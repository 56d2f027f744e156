import { decodeSessionId } from "../model/session-id.ts";
import type { ListPosition } from "./shard-messages.ts";

/** The start of a listing's next page, as an opaque string for callers. */
export const encodeCursor = ({ openedAt, sessionId }: ListPosition): string => `${openedAt}.${sessionId}`;

/** The inverse of {@link encodeCursor}; null for any other text. */
export function decodeCursor(cursor: string): ListPosition | null {
  const [, openedAt, sessionId] = /^(\d{1,15})\.(\S+)$/.exec(cursor) ?? [];
  if (openedAt === undefined || sessionId === undefined || decodeSessionId(sessionId) === null) return null;
  return { openedAt: Number(openedAt), sessionId };
}
