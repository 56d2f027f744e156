import type { Answer, Answerer, Taken } from "./answer.ts";
import { type Message, VERSION_HEADER } from "./classify.ts";
import { answerOf, frame } from "./frame-result.ts";
import { MAX_KNOWN_ANSWERS, MAX_KNOWN_REQUEST_LENGTH } from "./limits.ts";
import { isObject, lastingPartOf, plainRequestOf } from "./plain-request.ts";

/** Methods whose answer depends only on the request and the deployed server. */
const METHODS: ReadonlySet<string> = new Set(["initialize", "tools/list", "server/discover"]);
/** All headers that describe the message. Session and Accept are handled elsewhere. */
const HEADERS = [VERSION_HEADER, "mcp-method", "mcp-name"];

/**
 * Caches answers of the SDK that are the same for every caller: for each request, the SDK would build a server and
 * convert the schemas of all tools. Only for a server whose factory ignores the caller.
 */
export class KnownAnswerer implements Answerer {
  /** Results of the SDK, keyed by the request without its id and the variable parts of its `_meta`. */
  readonly #results = new Map<string, string>();

  take(message: Message): Taken | null {
    const request = keyOf(message);
    const result = request === null ? undefined : this.#results.get(request.key);
    if (request === null || result === undefined) return null;
    return { asksSession: false, answer: async () => answerOf(request.id, result, false) };
  }

  /** Caches the SDK's answer if it is a result and nothing else. */
  learn(message: Message, { status, body, outcome }: Answer): void {
    const request = keyOf(message);
    if (request === null || status !== 200 || outcome !== "ok" || typeof body !== "string") return;
    const text = JSON.stringify((JSON.parse(body) as { result: unknown }).result);
    if (frame(request.id, text) !== body) return;
    if (this.#results.size >= MAX_KNOWN_ANSWERS) this.#results.clear();
    // Different requests often have equal results: keep each text in memory once.
    const same = [...this.#results.values()].find((known) => known === text);
    this.#results.set(request.key, same ?? text);
  }
}

function keyOf({ era, request: { headers }, body }: Message): { key: string; id: string | number } | null {
  const request = plainRequestOf(body);
  if (request === null || !METHODS.has(request.method)) return null;
  const { id, method, params = null } = request;
  const meta = params?._meta;
  if (params !== null && "_meta" in params && !isObject(meta)) return null;
  const lasting = isObject(meta) ? lastingPartOf(meta) : {};
  if (lasting === null) return null;
  const said = HEADERS.map((name) => headers.get(name));
  // Requests with a different order of members have different keys, so the SDK answers each of them once.
  const key = JSON.stringify([era, method, said, params && { ...params, ...(isObject(meta) && { _meta: lasting }) }]);
  return key.length > MAX_KNOWN_REQUEST_LENGTH ? null : { key, id };
}
