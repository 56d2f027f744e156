import { DurableObject } from "cloudflare:workers";

/** A live context, as its registry shard knows it. */
export interface RegistryEntry {
  readonly sessionId: string;
  /** When the context began; tells a new context under the same id from the one before. */
  readonly openedAt: number;
}

/**
 * One shard of the registry: the set of the live contexts that registered here, and how many they are. Membership, not
 * arithmetic: every call may be repeated, and a late `unregister` never removes a context that began after the one it
 * speaks of.
 */
export class SessionRegistry extends DurableObject<Env> {
  /** Adds a context, or moves its row on to the newer context under the same id. */
  register(entry: RegistryEntry): void {
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      this.#createTables();
      const added = sql.exec(
        "INSERT INTO session (session_id, opened_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
        entry.sessionId,
        entry.openedAt,
      ).rowsWritten;
      if (added > 0) sql.exec("UPDATE total SET sessions = sessions + 1");
      else {
        sql.exec(
          "UPDATE session SET opened_at = ?2 WHERE session_id = ?1 AND opened_at < ?2",
          entry.sessionId,
          entry.openedAt,
        );
      }
    });
  }

  /** Removes a context, if it is still the one that began at `openedAt` or an earlier one. */
  unregister(entry: RegistryEntry): void {
    if (!this.#hasTables()) return;
    const { sql } = this.ctx.storage;
    this.ctx.storage.transactionSync(() => {
      const removed = sql.exec(
        "DELETE FROM session WHERE session_id = ? AND opened_at <= ?",
        entry.sessionId,
        entry.openedAt,
      ).rowsWritten;
      if (removed > 0) sql.exec("UPDATE total SET sessions = sessions - 1");
    });
  }

  /** How many contexts are registered here. Reads one row, whatever the number. */
  count(): number {
    if (!this.#hasTables()) return 0;
    return this.ctx.storage.sql.exec<{ sessions: number }>("SELECT sessions FROM total").one().sessions;
  }

  #tablesExist = false;

  #hasTables(): boolean {
    this.#tablesExist ||=
      this.ctx.storage.sql.exec("SELECT 1 FROM sqlite_master WHERE name = 'total'").toArray().length > 0;
    return this.#tablesExist;
  }

  /** Not in the constructor: asking an empty shard for its count must leave nothing behind. */
  #createTables(): void {
    if (this.#hasTables()) return;
    this.ctx.storage.sql.exec(`
      CREATE TABLE session (session_id TEXT PRIMARY KEY, opened_at INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE total (sessions INTEGER NOT NULL);
      INSERT INTO total VALUES (0);
    `);
  }
}
