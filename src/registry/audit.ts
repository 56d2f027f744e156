import { within } from "../base/time-limit.ts";
import { decodeSessionId } from "../model/session-id.ts";
import { AUDIT_BATCH, AUDIT_INTERVAL_MS, AUDIT_PAUSE_MS, AUDIT_QUESTION_TIMEOUT_MS } from "./limits.ts";
import type { ShardHistory } from "./shard-history.ts";
import type { ListPosition } from "./shard-messages.ts";

/** The method of a session object that the audit calls. */
export interface AuditedSession extends Rpc.DurableObjectBranded {
  /** Whether the context that began at `openedAt` is still live. */
  holds(openedAt: number): Promise<boolean>;
}

/**
 * Time from the start of one audit batch to the start of the next, in milliseconds: one second, or less in a shard so large that a
 * round would otherwise take more than half a day.
 */
export const auditPaceMs = (sessions: number): number =>
  Math.min(AUDIT_PAUSE_MS, Math.floor((AUDIT_INTERVAL_MS / 2) * (AUDIT_BATCH / Math.max(1, sessions))));

/** Finds rows of a shard whose context no longer exists. Asking a session does not count as an access. */
export class Audit {
  readonly #storage: DurableObjectStorage;
  readonly #sessions: DurableObjectNamespace<AuditedSession>;
  readonly #history: ShardHistory;
  readonly #drop: (entry: ListPosition) => void;

  /** @param drop Removes a row whose context no longer exists. */
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

  /** Checks one batch of rows. Returns when the next batch is due, in milliseconds since the epoch; null if the shard is empty. */
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

  /** Also true if the session does not answer: its row stays until the next round. */
  async #exists({ sessionId, openedAt }: ListPosition): Promise<boolean> {
    try {
      const objectId = this.#sessions.idFromString(decodeSessionId(sessionId) ?? "");
      return await within(AUDIT_QUESTION_TIMEOUT_MS, this.#sessions.get(objectId).holds(openedAt));
    } catch {
      return true;
    }
  }
}
