import { answeredRequest } from "../legacy/posted-answer.ts";
import type { Answerer, Taken } from "./answer.ts";
import { type Message, SESSION_HEADER } from "./classify.ts";

/** Takes what a legacy client answers to requests of calls that run, and brings it to where they wait. Nothing is answered. */
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
