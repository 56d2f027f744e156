import { createMcpHandler } from "@modelcontextprotocol/server";
import type { ServerFactory } from "../../author/server-factory.ts";
import type { Logger } from "../../base/log.ts";
import { once } from "../../base/once.ts";
import { INTERNAL_ERROR, type SessionCall } from "../../call/session-call.ts";
import { legacyExchange } from "../legacy/legacy-exchange.ts";
import type { Answer, Answerer, Taken } from "./answer.ts";
import type { Message } from "./classify.ts";
import { asInvalidParams } from "./invalid-params.ts";

/** The error code of the SDK when a server's handler throws. */
const INTERNAL_ERROR_CODE = -32603;

export interface SdkOptions {
  readonly buildServer: ServerFactory;
  /** Whether the server's tools send anything before their result. */
  readonly streaming: boolean;
  readonly log: Logger;
}

/** Answers any message through the SDK, with a server of its own. Used when no other answerer takes the message. */
export class SdkAnswerer implements Answerer {
  readonly #options: SdkOptions;
  /** The call of each request. The SDK passes only the request to its factory. */
  readonly #calls = new WeakMap<Request, SessionCall>();
  readonly #modern: ReturnType<typeof createMcpHandler>;
  /** For clients that do not accept streams: what a tool sends before its result is dropped. */
  readonly #modernJson: () => ReturnType<typeof createMcpHandler>;

  constructor(options: SdkOptions) {
    this.#options = options;
    this.#modern = this.#createModern("auto");
    this.#modernJson = once(() => this.#createModern("json"));
  }

  #createModern(responseMode: "auto" | "json"): ReturnType<typeof createMcpHandler> {
    const options = this.#options;
    return createMcpHandler(
      ({ requestInfo }) => {
        const call = requestInfo && this.#calls.get(requestInfo);
        if (!call) throw new Error("The SDK asked for a server without its request");
        return options.buildServer(call);
      },
      {
        legacy: "reject",
        responseMode,
        // The SDK handles subscriptions: if a server does not declare that a list changes, the SDK acknowledges an
        // empty subscription and ends the stream. An open stream would be billed.
        onerror: (error) => options.log("debug", "mcp_rejected", { error: error.message }),
      },
    );
  }

  take(message: Message): Taken {
    return { asksSession: message.callsTool, answer: async (call) => readAnswer(await this.#ask(message, call)) };
  }

  #ask({ request, era, body, mayStream }: Message, call: SessionCall): Promise<Response> {
    if (era === "legacy") {
      const { buildServer, streaming } = this.#options;
      return legacyExchange(request, body, buildServer(call), call, streaming && mayStream);
    }
    this.#calls.set(request, call);
    const modern = mayStream || !this.#options.streaming ? this.#modern : this.#modernJson();
    return modern.fetch(request, { parsedBody: body });
  }
}

/** Converts the SDK's response: JSON to text, so that it can be batched and cached; streams are passed through. */
async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  if (type.includes("text/event-stream")) return { status, headers, body: response.body, outcome: "streamed" };
  const text = await response.text();
  // Notifications, and answers to requests of the server, get no answer.
  if (text === "") return { status, headers, body: null, outcome: "ok" };
  const { result, error, ...rest } = JSON.parse(text) as Ended;
  if (result !== undefined)
    return { status, headers, body: text, outcome: result.isError === true ? "tool_error" : "ok" };
  if (error?.code !== INTERNAL_ERROR_CODE) return { status, headers, body: text, outcome: "rejected" };
  const invalid = asInvalidParams({ ...rest, error });
  if (invalid === null) return { status, headers, body: text, outcome: INTERNAL_ERROR };
  return { status, headers, body: JSON.stringify(invalid), outcome: "rejected" };
}

/** The members of an answer that determine its outcome. */
interface Ended {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: { readonly isError?: unknown };
  readonly error?: { readonly code: number; readonly message: string };
}
