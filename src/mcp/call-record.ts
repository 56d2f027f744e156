import type { ToolFailure } from "./tool-failure.ts";

/** A call of a tool that has come to an end. */
export interface FinishedCall {
  readonly tool: string;
  /** `ok`, or why not: the kind of the failure, or a word for what came instead of one. */
  readonly outcome: string;
}

/** What the route wants to know of a request's calls when they are over. */
export class CallRecord {
  /** Why the header's session must not be used, once an object has said so. The route answers 404 then. */
  headerRefusal: ToolFailure | null = null;
  /** Settles when it is known whether the header's session may be used; null: nobody has asked. */
  headerAsked: Promise<void> | null = null;
  /** Whether a context was refused because the caller begins too many. The route answers 429 then. */
  rateLimited = false;
  /** The session that was worked on last, for the log. */
  sessionId: string | null = null;
  /** Calls of this server's own tools; what becomes of another author's, only the answer says. */
  readonly finished: FinishedCall[] = [];
}
