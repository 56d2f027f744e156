import type { ToolFailure } from "./tool-failure.ts";

/** What a finished call counts as if the server itself failed: a bug, or an object that threw. */
export const INTERNAL_ERROR = "internal_error";

/** What the route wants to know of a request's calls when they are over. */
export class CallRecord {
  /** Why the header's session must not be used, once an object has said so. The route answers 404 then. */
  headerRefusal: ToolFailure | null = null;
  /** Settles when it is known whether the header's session may be used; null: nobody has asked. */
  headerAsked: Promise<void> | null = null;
  /** Whether a write was refused because the caller makes too many. The route answers 429 then. */
  rateLimited = false;
  /** Whether an object threw: a tool error of another author's server is our own then. */
  threw = false;
  /** The session that was worked on last, for the log. */
  sessionId: string | null = null;
  /**
   * How calls of this server's own tools ended, by the id of their message: `ok`, the kind of the failure, or
   * {@link INTERNAL_ERROR}. How calls of another author's tools ended is only known from the answer.
   */
  readonly finished = new Map<string | number, string>();
}
