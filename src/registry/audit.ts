import { within } from "../base/time-limit.ts";
import { decodeSessionId } from "../model/session-id.ts";
import { AUDIT_BATCH, AUDIT_INTERVAL_MS, AUDIT_PAUSE_MS, AUDIT_QUESTION_TIMEOUT_MS } from "./limits.ts";
import type { ShardHistory } from "./shard-history.ts";
import type { ListPosition } from "./shard-messages.ts";

/** What the audit asks of a session. */
export interface AuditedSession extends Rpc.DurableObjectBranded {
  /** Whether the context that began at `openedAt` is still live. */
  holds(openedAt: number): Promise<boolean>;
}

/**
 * From the beginning of one batch of the audit to that of the next, in milliseconds: a second, or less in a shard with so many rows
 * that it would not be done in half a day.
 */
export const auditPaceMs = (sessions: number): number =>
  Math.min(AUDIT_PAUSE_MS, Math.floor((AUDIT_INTERVAL_MS / 2) * (AUDIT_BATCH / Math.max(1, sessions))));

/** Looks for rows of a shard whose context is gone. Asks the sessions without touching them. */
export class Audit {
  readonly #storage: DurableObjectStorage;
  readonly #sessions: DurableObjectNamespace<AuditedSession>;
  readonly #history: ShardHistory;
  readonly #drop: (entry: ListPosition) => void;

  /** @param drop Removes a row whose context is gone. */
  constructor(
    storage: DurableObjectStorage,
    sessions: DurableObjectNamespace<AuditedSession>,
    history: ShardHistory,
    drop: (entry: ListPosition) => void,
  ) {
    this.#storage = storage;
    this.#sessions = sessions;
    this.#history = history;
    this.#drop = drop;
  }

  /** Looks at one batch of rows. Returns when the next one is due, or null if none is. */
  async batch(): Promise<number | null> {
    const startedAt = Date.now();
    const { kv, sql } = this.#storage;
    const after = kv.get<string>("audit_after") ?? "";
    const rows = sql
      .exec<{ sessionId: string; openedAt: number }>(
        "SELECT session_id AS sessionId, opened_at AS openedAt FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?",
        after,
        AUDIT_BATCH,
      )
      .toArray();
    await Promise.all(rows.map(async (row) => (await this.#exists(row)) || this.#drop(row)));
    const last = rows.length === AUDIT_BATCH ? rows.at(-1) : undefined;
    if (last !== undefined) {
      kv.put("audit_after", last.sessionId);
      return startedAt + auditPaceMs(this.#history.sessions());
    }
    if (after !== "") kv.delete("audit_after");
    return this.#history.sessions() > 0 ? Date.now() + AUDIT_INTERVAL_MS : null;
  }

  /** A session that does not answer is left for the next round. */
  async #exists({ sessionId, openedAt }: ListPosition): Promise<boolean> {
    try {
      const objectId = this.#sessions.idFromString(decodeSessionId(sessionId) ?? "");
      return await within(AUDIT_QUESTION_TIMEOUT_MS, this.#sessions.get(objectId).holds(openedAt));
    } catch {
      return true;
    }
  }
}
