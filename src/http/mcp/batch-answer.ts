import { utf8Bytes } from "../../base/utf8-bytes.ts";
import { SERVER_ERROR } from "../edge/json-rpc.ts";
import { JSON_ANSWER } from "../edge/protective-headers.ts";
import type { Served } from "./answer.ts";
import { MAX_BATCH_ANSWER_BYTES } from "./limits.ts";

/**
 * The answers to a batch as one list, with a maximum total size. An answer that does not fit is replaced by an error.
 * Space for the error of each answer is reserved first, so that the errors always fit.
 */
export function gather(served: readonly Served[]): Response {
  const answers = served.flatMap(({ message, answer }) =>
    typeof answer?.body === "string" ? [{ text: answer.body, error: tooLarge(message.event.id) }] : [],
  );
  if (answers.length === 0) return new Response(null, { status: 202 });
  // Two bytes for the brackets, and one per answer for the comma.
  let left = answers.reduce((rest, { error }) => rest - utf8Bytes(error) - 1, MAX_BATCH_ANSWER_BYTES - 2);
  const texts = answers.map(({ text, error }) => {
    const more = utf8Bytes(text) - utf8Bytes(error);
    if (more > left) return error;
    left -= more;
    return text;
  });
  return new Response(`[${texts.join(",")}]`, { headers: JSON_ANSWER });
}

const tooLarge = (id: unknown): string =>
  JSON.stringify({
    jsonrpc: "2.0",
    id: id ?? null,
    error: {
      code: SERVER_ERROR,
      message: `The answers to this batch have more than ${MAX_BATCH_ANSWER_BYTES} bytes together. Send this message by itself`,
    },
  });
