import type { SessionBindings } from "../../session/bindings.ts";
import type { McpEvent } from "./mcp-event.ts";

/** Hono's bindings, and the variables that middleware sets for a request. */
export interface AppEnv {
  readonly Bindings: SessionBindings;
  readonly Variables: {
    readonly requestId: string;
    readonly event: McpEvent;
  };
}
