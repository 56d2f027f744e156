/** JSON-RPC error responses that are sent before the SDK sees a request. */

export const PARSE_ERROR = -32700;
export const INVALID_REQUEST = -32600;
export const INVALID_PARAMS = -32602;
/** Codes from the range that JSON-RPC reserves for servers; the SDK uses the same two. */
export const SERVER_ERROR = -32000;
export const SESSION_NOT_FOUND = -32001;

/** An error response. `id` is the request's own, or null if it could not be read. */
export function jsonRpcError(
  status: number,
  code: number,
  message: string,
  { id = null, headers = {} }: { id?: string | number | null; headers?: Record<string, string> } = {},
): Response {
  return Response.json({ jsonrpc: "2.0", error: { code, message }, id }, { status, headers });
}

/** The id of a single JSON-RPC request, or null. */
export function requestIdOf(body: unknown): string | number | null {
  const id = (body as { id?: unknown } | null)?.id;
  return typeof id === "string" || typeof id === "number" ? id : null;
}
