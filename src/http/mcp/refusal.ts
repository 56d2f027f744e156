import type { Failure } from "../../model/failure.ts";
import type { Refusal } from "../../session/session-requests.ts";
import { tooManyRequests } from "../access/rate-limit.ts";
import { jsonRpcError, SERVER_ERROR, SESSION_NOT_FOUND } from "../edge/json-rpc.ts";
import type { McpEvent } from "../edge/mcp-event.ts";

/** Why a whole request is rejected. */
export type HttpRefusal =
  /**
   * It is not a message, or may not be sent this way. `failure` is the kind for the log, where the status is ambiguous.
   */
  | {
      readonly kind: "protocol";
      readonly status: number;
      readonly code: number;
      readonly message: string;
      readonly headers?: Record<string, string>;
      readonly failure?: string;
    }
  /** The session in its header may not be used, at least for now. */
  | { readonly kind: "session"; readonly failure: Refusal | Extract<Failure, { kind: "outcome_unknown" }> }
  /** The caller exceeds the rate limit of `what`. */
  | { readonly kind: "rate_limited"; readonly what: string };

/** `what` for a write over the limit. */
export const WRITES = "calls that store something";

/** The response to a rejected request. */
export function replyRefusal(refusal: HttpRefusal, id: string | number | null, event: McpEvent): Response {
  switch (refusal.kind) {
    case "protocol": {
      const { status, code, message, headers = {}, failure } = refusal;
      if (failure !== undefined) event.failure = failure;
      return jsonRpcError(status, code, message, { headers });
    }
    case "rate_limited":
      event.failure = "rate_limited";
      return tooManyRequests(refusal.what, id);
    case "session": {
      const { kind } = refusal.failure;
      event.failure = kind;
      // 404 makes a legacy client initialize again. A session that is only busy must not be lost that way.
      if (kind === "session_unknown" || kind === "session_deleted") {
        return jsonRpcError(404, SESSION_NOT_FOUND, "Session not found. Initialize a new one", { id });
      }
      return jsonRpcError(503, SERVER_ERROR, "The session is busy. Try again", { id, headers: { "Retry-After": "1" } });
    }
  }
}
