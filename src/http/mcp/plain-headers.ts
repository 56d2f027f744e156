import { SESSION_HEADER, VERSION_HEADER } from "./classify.ts";

/**
 * Headers with a single value. Proxies and careless clients send them twice, which arrives as one comma-separated
 * value.
 */
const SINGLE_HEADERS = [SESSION_HEADER, VERSION_HEADER, "mcp-method", "mcp-name", "content-type"];

/** The SDK requires both types literally, whatever else `Accept` allows. */
const SDK_ACCEPT = "application/json, text/event-stream";

/**
 * Normalizes the headers that later steps read: equal values are merged, and `Accept`, which has already been
 * evaluated, is set to what the SDK requires. Returns the same request if nothing changes, as with most clients.
 */
export function withPlainHeaders(request: Request): Request {
  const changed: [string, string][] = [];
  for (const name of SINGLE_HEADERS) {
    const value = request.headers.get(name);
    if (!value?.includes(",")) continue;
    const values = new Set(value.split(",").map((part) => part.trim()));
    const [only = ""] = values;
    if (values.size === 1) changed.push([name, only]);
  }
  const accept = request.headers.get("accept");
  if (!accept?.includes("application/json") || !accept.includes("text/event-stream")) {
    changed.push(["accept", SDK_ACCEPT]);
  }
  if (changed.length === 0) return request;
  const headers = new Headers(request.headers);
  for (const [name, value] of changed) headers.set(name, value);
  return new Request(request, { headers });
}
