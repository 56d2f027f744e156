import type { SessionCall } from "../../call/session-call.ts";
import type { Refusal } from "../../session/session-requests.ts";
import type { MessageOutcome } from "../edge/mcp-event.ts";
import type { Message } from "./classify.ts";

/** The answer to a message. Only `reply.ts` turns it into a response. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** One JSON-RPC message as text, a stream of messages, or null if the message gets no answer. */
  readonly body: string | ReadableStream<Uint8Array> | null;
  readonly outcome: MessageOutcome;
}

/** A message that an {@link Answerer} has taken, ready to be answered. */
export interface Taken {
  /** Whether answering calls the session's object, which also checks whether the session may be used. */
  readonly asksSession: boolean;
  answer(call: SessionCall): Promise<Answer>;
}

/**
 * One way to answer messages. Answerers are tried in order; each leaves what it does not fully understand to the next.
 */
export interface Answerer {
  /** Null if this answerer does not handle the message. */
  take(message: Message): Taken | null;
  /** Called with an answer of the SDK, to cache what can be reused. */
  learn?(message: Message, answer: Answer): void;
}

/** A message with its answer, or with the reason that its session may not be used. */
export interface Served {
  readonly message: Message;
  readonly call: SessionCall;
  readonly answer: Answer | null;
  readonly refusal: Refusal | null;
}
