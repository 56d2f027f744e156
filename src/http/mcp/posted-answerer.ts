import { answeredRequest } from "../legacy/posted-answer.ts";
import type { Answerer, Taken } from "./answer.ts";
import { type Message, SESSION_HEADER } from "./classify.ts";

/**
 * Takes a legacy client's answer to a server request and passes it to the tool call that waits for it. Replies 202
 * without a body.
 */
export class PostedAnswerer implements Answerer {
  take({ era, body, request: { headers } }: Message): Taken | null {
    const requestId = era === "legacy" && headers.has(SESSION_HEADER) ? answeredRequest(body) : null;
    if (requestId === null) return null;
    return {
      asksSession: true,
      answer: async (call) => {
        await call.target.giveAnswer(requestId, JSON.stringify(body));
        return { status: 202, headers: new Headers(), body: null, outcome: "ok" };
      },
    };
  }
}
