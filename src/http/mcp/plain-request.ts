/** What the ways past the SDK take a message apart with. They only handle what is plain; all else is the SDK's. */

export type JsonObject = Record<string, unknown>;

/** Prefix of the members of `_meta` that are the protocol's own. */
export const ENVELOPE = "io.modelcontextprotocol/";

/** A request that has no members but those of JSON-RPC, and an id that can be sent back as it came. */
export interface PlainRequest {
  readonly id: string | number;
  readonly method: string;
  /** Undefined: there are none. */
  readonly params: JsonObject | undefined;
}

/** The request in this body, or null if it is anything else. */
export function plainRequestOf(body: unknown): PlainRequest | null {
  if (!isObject(body) || !hasOnly(body, ["jsonrpc", "id", "method", "params"])) return null;
  const { jsonrpc, id, method, params } = body;
  if (jsonrpc !== "2.0" || typeof method !== "string") return null;
  if ("params" in body && !isObject(params)) return null;
  if (typeof id !== "string" && !Number.isSafeInteger(id)) return null;
  return { id: id as string | number, method, params: params as JsonObject | undefined };
}

/** Members of `_meta` that differ from request to request and that an answer without progress has no use for. */
const VARYING: Readonly<Record<string, (value: unknown) => boolean>> = {
  progressToken: (value) => typeof value === "string" || Number.isSafeInteger(value),
  traceparent: (value) => typeof value === "string",
  tracestate: (value) => typeof value === "string",
};

/** What of a `_meta` is the same from request to request; null if a varying member is not what it should be. */
export function lastingPartOf(meta: JsonObject): JsonObject | null {
  const lasting: JsonObject = {};
  for (const [key, value] of Object.entries(meta)) {
    const varying = Object.hasOwn(VARYING, key) ? VARYING[key] : undefined;
    if (varying === undefined) lasting[key] = value;
    else if (!varying(value)) return null;
  }
  return lasting;
}

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === "object" && value !== null && !Array.isArray(value);

export const hasOnly = (value: JsonObject, members: readonly string[]): boolean =>
  Object.keys(value).every((key) => members.includes(key));
