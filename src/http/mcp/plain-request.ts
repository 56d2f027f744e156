/** Parsing for the answerers that bypass the SDK. They handle only plain messages and leave all others to the SDK. */

export type JsonObject = Record<string, unknown>;

/** Prefix of the `_meta` members that the protocol reserves. */
export const ENVELOPE = "io.modelcontextprotocol/";

/** A request with only the members of JSON-RPC, and an id that can be echoed exactly. */
export interface PlainRequest {
  readonly id: string | number;
  readonly method: string;
  /** Undefined if absent. */
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

/** Members of `_meta` that vary between requests and do not affect an answer without progress, with their checks. */
const VARYING: Readonly<Record<string, (value: unknown) => boolean>> = {
  progressToken: (value) => typeof value === "string" || Number.isSafeInteger(value),
  traceparent: (value) => typeof value === "string",
  tracestate: (value) => typeof value === "string",
};

/** The parts of a `_meta` that stay the same between requests. Null if a variable member is invalid. */
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
