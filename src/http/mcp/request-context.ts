import type { Logger } from "../../base/log.ts";
import type { Stores } from "../../call/session-call.ts";
import type { Identity } from "../access/identity.ts";
import type { McpEvent } from "../edge/mcp-event.ts";

/** Everything about a request besides the request itself. */
export interface McpRequestContext {
  readonly identity: Identity;
  readonly stores: Stores;
  readonly event: McpEvent;
  /** Charges one more request to the caller; false if the limit is exceeded. */
  readonly chargeRequest: () => Promise<boolean>;
  /** Charges one write to the caller; false if the limit is exceeded. */
  readonly chargeWrite: () => Promise<boolean>;
  readonly log: Logger;
}
