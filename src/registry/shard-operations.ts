import { MAX_OPERATION_ROWS, OPERATIONS_REMEMBER_MS } from "./limits.ts";
import { type OperationBatch, type OperationCount, OTHER } from "./operations.ts";

/**
 * The tables behind a shard's part of the counted calls: a row for each pair of tool and outcome, of which there are only so
 * many, and one for each isolate that has reported in the last hour.
 */
export class ShardOperations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Adds a batch, unless it has been added before. To be called in a transaction. */
  add({ isolate, sequence, counts }: OperationBatch, now: number): void {
    const last = this.#sql
      .exec<{ sequence: number }>("SELECT sequence FROM operation_source WHERE isolate = ?", isolate)
      .toArray()[0];
    if (last !== undefined && last.sequence >= sequence) return;
    // Isolates come and go, so their rows must go too: when a new one comes.
    if (last === undefined) {
      this.#sql.exec("DELETE FROM operation_source WHERE reported_at < ?", now - OPERATIONS_REMEMBER_MS);
    }
    this.#sql.exec("INSERT OR REPLACE INTO operation_source VALUES (?, ?, ?)", isolate, sequence, now);
    for (const count of counts) if (!this.#increase(count)) this.#insert(count);
  }

  counts(): OperationCount[] {
    return this.#sql.exec<OperationCount>("SELECT tool, outcome, count FROM operation").toArray();
  }

  /** Returns whether the pair has a row. */
  #increase({ tool, outcome, count }: OperationCount): boolean {
    const updated = "UPDATE operation SET count = count + ? WHERE tool = ? AND outcome = ?";
    return this.#sql.exec(updated, count, tool, outcome).rowsWritten > 0;
  }

  #insert({ tool, outcome, count }: OperationCount): void {
    const { rows } = this.#sql.exec<{ rows: number }>("SELECT count(*) AS rows FROM operation").one();
    const pair = rows < MAX_OPERATION_ROWS ? { tool, outcome } : { tool: OTHER, outcome: OTHER };
    if (rows < MAX_OPERATION_ROWS || !this.#increase({ ...pair, count })) {
      this.#sql.exec("INSERT INTO operation VALUES (?, ?, ?)", pair.tool, pair.outcome, count);
    }
  }
}
