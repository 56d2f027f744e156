import type { Answer, Answerer, Taken } from "./answer.ts";
import { type Message, VERSION_HEADER } from "./classify.ts";
import { answerOf, frame } from "./frame-result.ts";
import { MAX_KNOWN_ANSWERS, MAX_KNOWN_REQUEST_LENGTH } from "./limits.ts";
import { isObject, lastingPartOf, plainRequestOf } from "./plain-request.ts";

/** Requests whose answer depends on nothing but the request and the server that was deployed. */
const METHODS: ReadonlySet<string> = new Set(["initialize", "tools/list", "server/discover"]);
/** Every header that says something about the message. Session and Accept are not among them: they are dealt with elsewhere. */
const HEADERS = [VERSION_HEADER, "mcp-method", "mcp-name"];

/**
 * Gives answers of the SDK that are the same for everybody again, word for word: it would build a server and convert the
 * schemas of all tools anew for each. Only for a server whose factory does not look at who calls.
 */
export class KnownAnswerer implements Answerer {
  /** What the SDK has answered, by the request without its id and what varies in its `_meta`. */
  readonly #results = new Map<string, string>();

  take(message: Message): Taken | null {
    const request = keyOf(message);
    const result = request === null ? undefined : this.#results.get(request.key);
    if (request === null || result === undefined) return null;
    return { asksSession: false, answer: async () => answerOf(request.id, result, false) };
  }

  /** Remembers what the SDK has answered, if it is a result and nothing else. */
  learn(message: Message, { status, body, outcome }: Answer): void {
    const request = keyOf(message);
    if (request === null || status !== 200 || outcome !== "ok" || typeof body !== "string") return;
    const text = JSON.stringify((JSON.parse(body) as { result: unknown }).result);
    if (frame(request.id, text) !== body) return;
    if (this.#results.size >= MAX_KNOWN_ANSWERS) this.#results.clear();
    // The same list for all: once in memory, however many ask for it in how many ways.
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
  // Where the members stood differently, it is another request, which the SDK has to be asked once.
  const key = JSON.stringify([era, method, said, params && { ...params, ...(isObject(meta) && { _meta: lasting }) }]);
  return key.length > MAX_KNOWN_REQUEST_LENGTH ? null : { key, id };
}
