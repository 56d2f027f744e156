import type { Logger } from "../../base/log.ts";
import type { Stores } from "../../call/session-call.ts";
import type { Identity } from "../access/identity.ts";
import type { McpEvent } from "../edge/mcp-event.ts";

/** Everything of one request that is not the request itself. */
export interface McpRequestContext {
  readonly identity: Identity;
  readonly stores: Stores;
  readonly event: McpEvent;
  /** Charges one more request to the caller; false if that is one too many. */
  readonly chargeRequest: () => Promise<boolean>;
  /** Charges something that stores to the caller; false if that is one too many. */
  readonly chargeWrite: () => Promise<boolean>;
  readonly log: Logger;
}
