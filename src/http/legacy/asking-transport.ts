import {
  type JSONRPCMessage,
  type JSONRPCRequest,
  type JSONRPCResponse,
  type RequestId,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Result } from "../../model/failure.ts";

/** Waits a while for the client's answer to the request `requestId`. Null if none has arrived yet: call again. */
export type AwaitAnswer = (requestId: string) => Promise<Result<string | null>>;

/** How many times in a row the session may be unreachable; each time includes several retries. */
const MAX_FAILURES = 5;

/**
 * Capabilities that the client is assumed to have. Those that it declared came with `initialize`, which stores nothing;
 * a client that lacks one of these rejects the request. Finer capabilities (elicitation by URL, sampling with tools)
 * are not assumed.
 */
const ASSUMED_CAPABILITIES = { sampling: {}, elicitation: { form: {} }, roots: {} };

const ANSWER_LOST = -32603;

/** The client's request to which a message belongs. */
type Related = { relatedRequestId?: RequestId };

/**
 * The SDK's transport for one legacy exchange, during which the server may send requests to the client. Such a request
 * is sent on the stream of this exchange; the answer arrives in another HTTP request and is passed on by the session's
 * object.
 */
export class AskingTransport extends WebStandardStreamableHTTPServerTransport {
  readonly #requestId: RequestId | null;
  readonly #awaitAnswer: AwaitAnswer | null;
  /**
   * Pending requests: the server's id for each, and the id sent to the client. The client sees requests of several
   * exchanges, and in each the server counts from 0.
   */
  readonly #asked = new Map<RequestId, string>();
  #introduction: { readonly id: RequestId; readonly done: () => void } | null = null;

  /**
   * @param requestId The client's request that this exchange answers; null for a notification.
   * @param awaitAnswer Null if answers cannot be received: there is no stream, or no session.
   */
  constructor(streaming: boolean, requestId: RequestId | null, awaitAnswer: AwaitAnswer | null) {
    super({ enableJsonResponse: !streaming });
    this.#requestId = requestId;
    this.#awaitAnswer = awaitAnswer;
  }

  /** Replays `initialize` to the connected server, so that it may send requests to the client. */
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
      return super.send(message, options);
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
    // Not guessable, so only the client that was asked can answer.
    const id = crypto.randomUUID();
    this.#asked.set(request.id, id);
    void this.#bringAnswer(request.id, id, this.#awaitAnswer);
    await super.send({ ...request, id }, this.#related(options));
  }

  /** Without a related request, a message would go to the client's GET stream, which does not exist. */
  #related(options?: Related): Related {
    const relatedRequestId = options?.relatedRequestId ?? this.#requestId;
    return relatedRequestId === null ? {} : { relatedRequestId };
  }

  /** Passes the client's answer to the server, unless the server has stopped waiting. */
  async #bringAnswer(own: RequestId, id: string, awaitAnswer: AwaitAnswer): Promise<void> {
    let answer: JSONRPCResponse | null = null;
    for (let failures = 0; answer === null && this.#asked.get(own) === id; ) {
      const taken = await awaitAnswer(id).catch(() => null);
      if (taken?.ok) {
        failures = 0;
        if (taken.value !== null) answer = { ...(JSON.parse(taken.value) as JSONRPCResponse), id: own };
        // If the session's object restarts, ask again: the client's answer may reach the new instance.
      } else if (taken?.failure.kind !== "session_unavailable" || ++failures === MAX_FAILURES) {
        const gone = taken?.failure.kind === "session_deleted" || taken?.failure.kind === "session_unknown";
        const message = `The session ${gone ? "ended" : "could not be reached"} before the client answered`;
        answer = { jsonrpc: "2.0", id: own, error: { code: ANSWER_LOST, message } };
      }
    }
    if (answer !== null && this.#asked.delete(own)) this.onmessage?.(answer);
  }
}
