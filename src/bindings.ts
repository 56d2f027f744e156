import type { ProjectCatalog } from "./projects/project-catalog.ts";
import type { SessionRegistry } from "./registry/session-registry.ts";
import type { SessionObject } from "./session/session-object.ts";

/**
 * What a Worker that serves sessions must bind in its wrangler.toml, under these names.
 * @example
 * ```ts
 * import type { SessionBindings } from "mcp-session-context";
 *
 * interface Env extends SessionBindings {
 *   readonly WEATHER: Fetcher; // what the Worker binds beside them
 * }
 * ```
 */
export interface SessionBindings {
  readonly SESSIONS: DurableObjectNamespace<SessionObject>;
  readonly REGISTRY: DurableObjectNamespace<SessionRegistry>;
  readonly CATALOG: DurableObjectNamespace<ProjectCatalog>;
  /** Absent: requests are not limited. */
  readonly REQUEST_LIMITER?: RateLimit;
  /** Absent: contexts that begin are not limited. */
  readonly CONTEXT_LIMITER?: RateLimit;
  /** Absent: requests are only logged. */
  readonly REQUEST_EVENTS?: AnalyticsEngineDataset;
}
