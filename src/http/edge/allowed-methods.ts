import type { Hono } from "hono";
import type { AppEnv } from "./app-env.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * The value of `Allow` for a path: the methods that it has a route for, an author's own included; null if it has none. Routes for
 * every method are steps that all requests pass, and do not count.
 */
export function allowedMethods({ router }: Hono<AppEnv>, path: string): string | null {
  const allowed = METHODS.filter((method) => {
    const [handlers] = router.match(method, path);
    return handlers.some(([[, route]]) => route.method === method);
  });
  if (allowed.length === 0) return null;
  return [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}
