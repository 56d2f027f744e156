import type { Era } from "../../call/caller.ts";
import { MAX_KNOWN_ANSWERS, MAX_KNOWN_REQUEST_LENGTH } from "./limits.ts";
import { isObject, lastingPartOf, plainRequestOf } from "./plain-request.ts";

/** Requests whose answer depends on nothing but the request and the server that was deployed. */
const METHODS: ReadonlySet<string> = new Set(["initialize", "tools/list", "server/discover"]);
/** Every header that says something about the message. The session's is not among them: the route deals with it. */
const HEADERS = ["mcp-protocol-version", "mcp-method", "mcp-name", "accept"];

export interface KnownAnswer {
  readonly era: Era;
  readonly initializes: boolean;
  readonly body: string;
}

/**
 * Answers of the SDK that are the same for everybody, given again word for word: it would build a server and convert the
 * schemas of all tools anew for each. Only for a server whose factory does not look at who calls.
 */
export class KnownAnswers {
  /** What the SDK has answered, by the request without its id and what varies in its `_meta`. */
  readonly #results = new Map<string, { readonly era: Era; readonly result: string }>();

  /** The answer to this request, or null if the SDK has to be asked. */
  find(headers: Headers, body: unknown): KnownAnswer | null {
    const request = keyOf(headers, body);
    const known = request === null ? undefined : this.#results.get(request.key);
    if (request === null || known === undefined) return null;
    const { id, method } = request;
    return { era: known.era, initializes: method === "initialize", body: frame(known.result, id) };
  }

  /** Whether an answer to this request is worth learning. */
  wants(headers: Headers, body: unknown): boolean {
    return keyOf(headers, body) !== null;
  }

  /** Remembers what the SDK has answered, if it is a result and nothing else. */
  learn(era: Era, headers: Headers, body: unknown, answer: string): void {
    const request = keyOf(headers, body);
    if (request === null) return;
    const { result } = JSON.parse(answer) as { result?: unknown };
    const text = JSON.stringify(result);
    if (text === undefined || frame(text, request.id) !== answer) return;
    if (this.#results.size >= MAX_KNOWN_ANSWERS) this.#results.clear();
    // The same list for all: once in memory, however many ask for it in how many ways.
    const same = [...this.#results.values()].find((known) => known.result === text);
    this.#results.set(request.key, { era, result: same?.result ?? text });
  }
}

/** The frame that the SDK puts around a result, member by member in its order. */
const frame = (result: string, id: string | number): string =>
  `{"result":${result},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;

function keyOf(headers: Headers, body: unknown): { key: string; id: string | number; method: string } | null {
  const request = plainRequestOf(body);
  if (request === null || !METHODS.has(request.method)) return null;
  const { id, method, params = null } = request;
  const meta = params?._meta;
  if (params !== null && "_meta" in params && !isObject(meta)) return null;
  const lasting = isObject(meta) ? lastingPartOf(meta) : {};
  if (lasting === null) return null;
  const said = HEADERS.map((name) => headers.get(name));
  // Where the members stood differently, it is another request, which the SDK has to be asked once.
  const key = JSON.stringify([method, said, params && { ...params, ...(isObject(meta) && { _meta: lasting }) }]);
  return key.length > MAX_KNOWN_REQUEST_LENGTH ? null : { key, id, method };
}
