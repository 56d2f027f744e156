import type { ProjectCatalog } from "../projects/project-catalog.ts";
import type { SessionRegistry } from "../registry/session-registry.ts";
import type { SessionObject } from "./session-object.ts";

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
  /** Requests of one caller. May be absent with `RATE_LIMITS` off only. */
  readonly REQUEST_LIMITER?: RateLimit;
  /** Contexts that one caller begins. May be absent with `RATE_LIMITS` off only. */
  readonly CONTEXT_LIMITER?: RateLimit;
  /** Absent: requests are only logged. */
  readonly REQUEST_EVENTS?: AnalyticsEngineDataset;
}

/**
 * Checks that what a server cannot do without is bound. Called while the Worker starts.
 * @throws Error with one line that names what is missing.
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
      `Bad configuration: no rate limiter is bound as ${limiters.join(", ")}, so that nobody would be held to a limit. Add [[ratelimits]] to wrangler.toml, or set RATE_LIMITS to "off". ${advice}`,
    );
  }
}
