import type { ProjectCatalog } from "../projects/project-catalog.ts";
import type { SessionRegistry } from "../registry/session-registry.ts";
import type { SessionObject } from "./session-object.ts";

/**
 * The bindings that a Worker that serves sessions needs in its wrangler.toml, under these names.
 * @example
 * ```ts
 * import type { SessionBindings } from "mcp-session-context";
 *
 * interface Env extends SessionBindings {
 *   readonly WEATHER: Fetcher; // a binding of your own
 * }
 * ```
 */
export interface SessionBindings {
  readonly SESSIONS: DurableObjectNamespace<SessionObject>;
  readonly REGISTRY: DurableObjectNamespace<SessionRegistry>;
  readonly CATALOG: DurableObjectNamespace<ProjectCatalog>;
  /** Rate limiter for the requests of one caller. Optional only with `RATE_LIMITS` off. */
  readonly REQUEST_LIMITER?: RateLimit;
  /** Rate limiter for the contexts that one caller begins. Optional only with `RATE_LIMITS` off. */
  readonly CONTEXT_LIMITER?: RateLimit;
  /** Absent: requests are only logged. */
  readonly REQUEST_EVENTS?: AnalyticsEngineDataset;
}

/**
 * Checks that the required bindings exist. Called while the Worker starts.
 * @throws Error with one line that names the missing bindings.
 */
export function checkBindings(env: object, { rateLimited }: { readonly rateLimited: boolean }): void {
  const has = (name: string, method: string) => {
    const binding = (env as Record<string, Record<string, unknown> | undefined>)[name];
    return typeof binding?.[method] === "function";
  };
  const advice = "A named wrangler environment inherits no bindings: repeat them in it";
  const objects = ["SESSIONS", "REGISTRY", "CATALOG"].filter((name) => !has(name, "idFromString"));
  if (objects.length > 0) {
    throw new Error(
      `Bad configuration: no Durable Object is bound as ${objects.join(", ")}. Add [[durable_objects.bindings]] to wrangler.toml. ${advice}`,
    );
  }
  const limiters = ["REQUEST_LIMITER", "CONTEXT_LIMITER"].filter((name) => !has(name, "limit"));
  if (rateLimited && limiters.length > 0) {
    throw new Error(
      `Bad configuration: no rate limiter is bound as ${limiters.join(", ")}, so no caller would be limited. Add [[ratelimits]] to wrangler.toml, or set RATE_LIMITS to "off". ${advice}`,
    );
  }
}
