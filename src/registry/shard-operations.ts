import { MAX_OPERATION_ROWS } from "./limits.ts";
import { type OperationCount, OTHER } from "./operations.ts";

/** The table of a shard's call counts: one row per pair of tool and outcome, and a bounded number of rows. */
export class ShardOperations {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Call it in a transaction. */
  add(counts: readonly OperationCount[]): void {
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
