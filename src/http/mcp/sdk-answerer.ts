import { createMcpHandler } from "@modelcontextprotocol/server";
import type { ServerFactory } from "../../author/server-factory.ts";
import type { Logger } from "../../base/log.ts";
import { once } from "../../base/once.ts";
import { INTERNAL_ERROR, type SessionCall } from "../../call/session-call.ts";
import { legacyExchange } from "../legacy/legacy-exchange.ts";
import type { Answer, Answerer, Taken } from "./answer.ts";
import type { Message } from "./classify.ts";
import { asInvalidParams } from "./invalid-params.ts";

/** The code with which the SDK answers where a server's handler threw. */
const INTERNAL_ERROR_CODE = -32603;

export interface SdkOptions {
  readonly buildServer: ServerFactory;
  /** Whether the server's tools send anything before their result. */
  readonly streaming: boolean;
  readonly log: Logger;
}

/** Leaves a message to the SDK, with a server of its own: the last of the answerers, which takes everything. */
export class SdkAnswerer implements Answerer {
  readonly #options: SdkOptions;
  /** The SDK hands its factory the request; this is how the call that belongs to it is found again. */
  readonly #calls = new WeakMap<Request, SessionCall>();
  readonly #modern: ReturnType<typeof createMcpHandler>;
  /** For clients that take no stream: what a tool sends before its result is dropped. */
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
        // Subscriptions are left to the SDK: a server that declares no list as changing is spoken for by an acknowledgement
        // of nothing, after which the stream ends. One that is held open would be billed.
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

/** Takes the SDK's response apart: JSON as text, so that it can be gathered and learnt; a stream as it is. */
async function readAnswer(response: Response): Promise<Answer> {
  const { status, headers } = response;
  const type = headers.get("content-type") ?? "";
  if (type.includes("text/event-stream")) return { status, headers, body: response.body, outcome: "streamed" };
  const text = await response.text();
  // Notifications, and answers to what the server has asked, are not answered.
  if (text === "") return { status, headers, body: null, outcome: "ok" };
  const { result, error, ...rest } = JSON.parse(text) as Ended;
  if (result !== undefined)
    return { status, headers, body: text, outcome: result.isError === true ? "tool_error" : "ok" };
  if (error?.code !== INTERNAL_ERROR_CODE) return { status, headers, body: text, outcome: "rejected" };
  const invalid = asInvalidParams({ ...rest, error });
  if (invalid === null) return { status, headers, body: text, outcome: INTERNAL_ERROR };
  return { status, headers, body: JSON.stringify(invalid), outcome: "rejected" };
}

/** What of an answer tells how the message ended. */
interface Ended {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly result?: { readonly isError?: unknown };
  readonly error?: { readonly code: number; readonly message: string };
}
