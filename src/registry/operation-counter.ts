import type { Result } from "../model/failure.ts";
import { MAX_OPERATION_PAIRS, OPERATIONS_GIVE_UP_MS } from "./limits.ts";
import { type OperationBatch, OperationTally } from "./operations.ts";

/** A batch on its way, and since when. */
interface Sending {
  readonly batch: OperationBatch;
  readonly since: number;
}

/**
 * Counts finished calls in the memory of one isolate and hands them on in batches. A batch that was not acknowledged is
 * kept and sent again as it is, with the number it had, so that one whose acknowledgement was lost is not added up twice.
 * What an isolate has not handed on when it is stopped is lost.
 */
export class OperationCounter {
  readonly #flushMs: number;
  #isolate: string | null = null;
  #sequence = 0;
  #pending = new OperationTally(MAX_OPERATION_PAIRS);
  #unacknowledged: Sending | null = null;
  #scheduledAt: number | null = null;

  /** @param flushMs How long calls are counted before a batch is sent. */
  constructor(flushMs: number) {
    this.#flushMs = flushMs;
  }

  /** Counts one call. Returns whether the caller has to see to a `flush`, `flushMs` later. */
  count(tool: string, outcome: string, now: number): boolean {
    this.#pending.add({ tool, outcome, count: 1 });
    // A flush that is long overdue died with the request that was to make it.
    if (this.#scheduledAt !== null && now - this.#scheduledAt < 2 * this.#flushMs) return false;
    this.#scheduledAt = now;
    return true;
  }

  /**
   * Sends the batch before, if nobody knows whether it arrived, and then what was counted since. Does not throw unless
   * `send` does.
   */
  async flush(send: (batch: OperationBatch) => Promise<Result<unknown, unknown>>, now: number): Promise<void> {
    this.#scheduledAt = null;
    // So late that a shard may have forgotten it: rather lost than added up twice.
    if (this.#unacknowledged !== null && now - this.#unacknowledged.since > OPERATIONS_GIVE_UP_MS) {
      this.#unacknowledged = null;
    }
    const again = this.#unacknowledged;
    if (again !== null && !(await this.#acknowledge(again, send))) return;
    this.#unacknowledged ??= this.#next(now);
    if (this.#unacknowledged !== null) await this.#acknowledge(this.#unacknowledged, send);
  }

  async #acknowledge(sending: Sending, send: (batch: OperationBatch) => Promise<Result<unknown, unknown>>) {
    const sent = await send(sending.batch);
    if (sent.ok && this.#unacknowledged === sending) this.#unacknowledged = null;
    return sent.ok;
  }

  #next(now: number): Sending | null {
    if (this.#pending.isEmpty) return null;
    // Not in the constructor: a Worker has no random numbers while it starts.
    this.#isolate ??= crypto.randomUUID();
    const batch = { isolate: this.#isolate, sequence: ++this.#sequence, counts: this.#pending.counts() };
    this.#pending = new OperationTally(MAX_OPERATION_PAIRS);
    return { batch, since: now };
  }
}
