import {
  isJSONRPCResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResponse,
  type RequestId,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Result } from "../failure.ts";
import type { BatchBudget } from "./batch-budget.ts";

/** Waits a while for the client's answer to the request `requestId`; null says that it has to be asked for again. */
export type AwaitAnswer = (requestId: string) => Promise<Result<string | null>>;

/** How many times in a row the session may be out of reach; each has been tried several times already. */
const MAX_FAILURES = 5;

/**
 * What the client is taken to offer. What it declared came with `initialize`, which stores nothing; a client that lacks one
 * of these refuses the request. Finer capabilities (elicitation by URL, sampling with tools) are not assumed.
 */
const ASSUMED_CAPABILITIES = { sampling: {}, elicitation: { form: {} }, roots: {} };

const ANSWER_LOST = -32603;

/** Which request of the client a message belongs to. */
type Related = { relatedRequestId?: RequestId };

/**
 * The SDK's transport for one legacy exchange, in the course of which the server may ask the client something: the request
 * goes out on the stream of this exchange, the answer comes with another HTTP request and through the session's object.
 */
export class AskingTransport extends WebStandardStreamableHTTPServerTransport {
  readonly #requestId: RequestId | null;
  readonly #awaitAnswer: AwaitAnswer | null;
  readonly #budget: BatchBudget | null;
  /** What requests under way are called by the client, which sees those of several exchanges, each counting from 0. */
  readonly #asked = new Map<RequestId, string>();
  #introduction: { readonly id: RequestId; readonly done: () => void } | null = null;

  /**
   * @param requestId The client's request that this exchange answers; null for a batch.
   * @param awaitAnswer Null where an answer cannot find its way back: no stream, or no session.
   * @param budget Of a batch.
   */
  constructor(
    streaming: boolean,
    requestId: RequestId | null,
    awaitAnswer: AwaitAnswer | null,
    budget: BatchBudget | null = null,
  ) {
    super({ enableJsonResponse: !streaming });
    this.#requestId = requestId;
    this.#awaitAnswer = awaitAnswer;
    this.#budget = budget;
  }

  /** Has the connected server believe that the client has initialized with it, so that it does not decline to ask. */
  introduce(protocolVersion: string, clientName: string): Promise<void> {
    return new Promise((done) => {
      const id = crypto.randomUUID();
      this.#introduction = { id, done };
      const clientInfo = { name: clientName, version: "" };
      const params = { protocolVersion, capabilities: ASSUMED_CAPABILITIES, clientInfo };
      this.onmessage?.({ jsonrpc: "2.0", id, method: "initialize", params });
    });
  }

  override async send(message: JSONRPCMessage, options?: Related): Promise<void> {
    if (!("method" in message)) {
      if (this.#introduction !== null && message.id === this.#introduction.id) return this.#introduction.done();
      return super.send(this.#budget?.fit(message) ?? message, options);
    }
    if ("id" in message) return this.#ask(message, options);
    if (message.method !== "notifications/cancelled") return super.send(message, options);
    const own = message.params?.requestId as RequestId;
    const requestId = this.#asked.get(own);
    if (requestId === undefined) return;
    this.#asked.delete(own);
    return super.send({ ...message, params: { ...message.params, requestId } }, this.#related(options));
  }

  override close(): Promise<void> {
    this.#asked.clear();
    return super.close();
  }

  async #ask(request: JSONRPCRequest, options?: Related): Promise<void> {
    if (this.#awaitAnswer === null) {
      throw new Error(
        `Cannot send ${request.method}: it takes a server that streams, and a client that has opened a session`,
      );
    }
    // Nobody can guess it, so nobody can answer who has not been asked.
    const id = crypto.randomUUID();
    this.#asked.set(request.id, id);
    void this.#bringAnswer(request.id, id, this.#awaitAnswer);
    await super.send({ ...request, id }, this.#related(options));
  }

  /** What belongs to no request would go to the client's GET stream, which there is none of. */
  #related(options?: Related): Related {
    const relatedRequestId = options?.relatedRequestId ?? this.#requestId;
    return relatedRequestId === null ? {} : { relatedRequestId };
  }

  /** Hands the server the answer, unless it has given up waiting before. */
  async #bringAnswer(own: RequestId, id: string, awaitAnswer: AwaitAnswer): Promise<void> {
    let answer: JSONRPCResponse | null = null;
    for (let failures = 0; answer === null && this.#asked.get(own) === id; ) {
      const taken = await awaitAnswer(id).catch(() => null);
      if (taken?.ok) {
        failures = 0;
        if (taken.value !== null) answer = { ...(JSON.parse(taken.value) as JSONRPCResponse), id: own };
        // A session whose object restarts is asked again: the client's answer may come to the new one.
      } else if (taken?.failure.kind !== "session_unavailable" || ++failures === MAX_FAILURES) {
        const gone = taken?.failure.kind === "session_deleted" || taken?.failure.kind === "session_unknown";
        const message = `The session ${gone ? "ended" : "could not be reached"} before the client answered`;
        answer = { jsonrpc: "2.0", id: own, error: { code: ANSWER_LOST, message } };
      }
    }
    if (answer !== null && this.#asked.delete(own)) this.onmessage?.(answer);
  }
}

/** An answer to a request of a server, as a session's object passes it on. */
export interface PostedAnswer {
  readonly requestId: string;
  readonly text: string;
}

/** The answers that a body consists of, or null if there is anything else in it. */
export function answersIn(body: unknown): PostedAnswer[] | null {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  const answers = messages.flatMap((message) =>
    isJSONRPCResponse(message) && typeof message.id === "string" && OWN_ID.test(message.id)
      ? [{ requestId: message.id, text: JSON.stringify(message) }]
      : [],
  );
  return answers.length === messages.length && answers.length > 0 ? answers : null;
}

/** The form of the ids that requests get here; an answer to anything else is nobody's. */
const OWN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
