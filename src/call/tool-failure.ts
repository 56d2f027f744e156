import type { Failure } from "../model/failure.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import type { StateFailure } from "../session/state-store.ts";

/**
 * Everything that a tool can fail with.
 * @example
 * ```ts
 * import type { ToolFailure } from "mcp-session-context";
 *
 * const isOurFault = ({ kind }: ToolFailure) => kind === "session_unavailable" || kind === "catalog_unavailable";
 * ```
 */
export type ToolFailure = Failure | ProjectFailure | StateFailure;
