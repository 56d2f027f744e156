import type { SessionCall } from "../../call/session-call.ts";
import type { Refusal } from "../../session/session-requests.ts";
import type { MessageOutcome } from "../edge/mcp-event.ts";
import type { Message } from "./classify.ts";

/** What a message is answered with. Only `reply.ts` makes a response of it. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** One JSON-RPC message as text; a stream of them; or null for a message that is not answered. */
  readonly body: string | ReadableStream<Uint8Array> | null;
  readonly outcome: MessageOutcome;
}

/** One way to answer a message, which has taken it. */
export interface Taken {
  /** Whether answering asks the session's object, and so learns by itself whether the session may be used. */
  readonly asksSession: boolean;
  answer(call: SessionCall): Promise<Answer>;
}

/** One of the ways to answer messages. They are tried in order; what one does not fully understand it leaves to the next. */
export interface Answerer {
  /** Null: not a message for this one. */
  take(message: Message): Taken | null;
  /** Is shown what another has answered. */
  learn?(message: Message, answer: Answer): void;
}

/** A message and what came of it. */
export interface Served {
  readonly message: Message;
  readonly call: SessionCall;
  readonly answer: Answer | null;
  readonly refusal: Refusal | null;
}
