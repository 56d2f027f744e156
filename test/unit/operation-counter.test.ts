import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fail, ok } from "../../src/model/failure.ts";
import { MAX_OPERATION_PAIRS, OPERATIONS_GIVE_UP_MS } from "../../src/registry/limits.ts";
import { OperationCounter } from "../../src/registry/operation-counter.ts";
import { type OperationBatch, OperationTally } from "../../src/registry/operations.ts";
import { OPERATIONS_FLUSH_MS } from "../../src/settings/limits.ts";

const lost = async () => fail("no answer");

/** A shard as the counter sees it: adds up each batch once. */
function shard() {
  const seen = new Set<number>();
  let sum = 0;
  return {
    sum: () => sum,
    receive(batch: OperationBatch) {
      if (seen.has(batch.sequence)) return;
      seen.add(batch.sequence);
      for (const { count } of batch.counts) sum += count;
    },
  };
}

describe("the counter of an isolate", () => {
  it("asks for one flush in its time, and for another if that one never came", () => {
    const counter = new OperationCounter(OPERATIONS_FLUSH_MS);
    expect(counter.count("get", "ok", 0)).toBe(true);
    expect(counter.count("get", "ok", 1)).toBe(false);
    expect(counter.count("get", "ok", OPERATIONS_FLUSH_MS)).toBe(false);
    expect(counter.count("get", "ok", 2 * OPERATIONS_FLUSH_MS)).toBe(true);
    expect(counter.count("get", "ok", 2 * OPERATIONS_FLUSH_MS + 1)).toBe(false);
  });

  it("loses and doubles nothing, whichever reports and answers are lost in between", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ calls: fc.nat({ max: 5 }), arrives: fc.boolean(), answered: fc.boolean() }), {
          maxLength: 30,
        }),
        async (rounds) => {
          const counter = new OperationCounter(OPERATIONS_FLUSH_MS);
          const { receive, sum } = shard();
          let calls = 0;
          for (const round of [...rounds, { calls: 0, arrives: true, answered: true }]) {
            for (let n = 0; n < round.calls; n++, calls++) counter.count(`tool${n}`, "ok", calls);
            await counter.flush(async (batch) => {
              if (round.arrives) receive(batch);
              return round.arrives && round.answered ? ok(null) : lost();
            }, 0);
            expect(sum()).toBeLessThanOrEqual(calls);
          }
          expect(sum()).toBe(calls);
        },
      ),
    );
  });

  it("gives up a report that the shard may have forgotten, and goes on with what came after it", async () => {
    const counter = new OperationCounter(OPERATIONS_FLUSH_MS);
    const sent: number[] = [];
    const send = async ({ sequence }: OperationBatch) => {
      sent.push(sequence);
      return ok(null);
    };
    counter.count("get", "ok", 0);
    await counter.flush(lost, 0);
    counter.count("get", "ok", 1);
    await counter.flush(send, OPERATIONS_GIVE_UP_MS + 1);
    expect(sent).toEqual([2]);
  });

  it("counts so many pairs by themselves, and the others together", () => {
    const tally = new OperationTally(MAX_OPERATION_PAIRS);
    for (let n = 0; n < 10 * MAX_OPERATION_PAIRS; n++) tally.add({ tool: `tool${n}`, outcome: "ok", count: 1 });
    const counts = tally.counts();
    expect(counts).toHaveLength(MAX_OPERATION_PAIRS + 1);
    expect(counts).toContainEqual({ tool: "other", outcome: "other", count: 9 * MAX_OPERATION_PAIRS });
  });

  it("reports within the time that a Worker may go on after its response", () => {
    expect(OPERATIONS_FLUSH_MS).toBeLessThanOrEqual(25_000);
  });
});
