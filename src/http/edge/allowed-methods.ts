import type { Hono } from "hono";
import type { AppEnv } from "./app-env.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/**
 * The value of `Allow` for a path: the methods that have a route, including routes of the author; null if there are
 * none. Routes for all methods are middleware and do not count.
 */
export function allowedMethods({ router }: Hono<AppEnv>, path: string): string | null {
  const allowed = METHODS.filter((method) => {
    const [handlers] = router.match(method, path);
    return handlers.some(([[, route]]) => route.method === method);
  });
  if (allowed.length === 0) return null;
  return [...allowed, ...(allowed.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");
}
