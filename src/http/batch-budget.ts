import type { JSONRPCErrorResponse, JSONRPCMessage, RequestId } from "@modelcontextprotocol/server";
import { MAX_BATCH_ANSWER_BYTES } from "../constants.ts";
import { jsonBytes } from "../json-bytes.ts";
import { SERVER_ERROR } from "./json-rpc.ts";

type Answer = Exclude<JSONRPCMessage, { method: string }>;

/**
 * Bounds all answers to a batch together: one that does not fit is replaced by an error. Room for the error is set aside for
 * each message before, so that the errors fit too.
 */
export class BatchBudget {
  #left: number;

  constructor(batch: readonly unknown[], maxBytes = MAX_BATCH_ANSWER_BYTES) {
    // Two bytes around the list, and one between two answers.
    this.#left = batch.reduce<number>((left, message) => left - reservedFor(message) - 1, maxBytes - 2);
  }

  /** What to send: the answer, or the error in its place. */
  fit(answer: Answer): Answer {
    const error = tooLarge(answer.id as RequestId);
    const more = jsonBytes(answer) - jsonBytes(error);
    if (more > this.#left) return error;
    this.#left -= more;
    return answer;
  }
}

const reservedFor = (message: unknown): number => {
  const { id } = (message ?? {}) as { id?: RequestId };
  return id === undefined ? 0 : jsonBytes(tooLarge(id));
};

const tooLarge = (id: RequestId): JSONRPCErrorResponse => ({
  jsonrpc: "2.0",
  id,
  error: {
    code: SERVER_ERROR,
    message: `The answers to this batch have more than ${MAX_BATCH_ANSWER_BYTES} bytes together. Send this message by itself`,
  },
});
