import type { SessionBindings } from "../../session/bindings.ts";
import type { McpEvent } from "./mcp-event.ts";

/** What Hono hands from one step of a request to the next. */
export interface AppEnv {
  readonly Bindings: SessionBindings;
  readonly Variables: {
    readonly requestId: string;
    readonly event: McpEvent;
  };
}
