import { runTool } from "../../author/run-tool.ts";
import type { SessionTool } from "../../author/session-tool.ts";
import type { Logger } from "../../base/log.ts";
import type { Answer, Answerer, Taken } from "./answer.ts";
import { type Message, VERSION_HEADER } from "./classify.ts";
import { answerOf, withMembers } from "./frame-result.ts";
import { MAX_KNOWN_ENVELOPE_LENGTH, MAX_KNOWN_ENVELOPES } from "./limits.ts";
import { ENVELOPE, hasOnly, isObject, type JsonObject, lastingPartOf, plainRequestOf } from "./plain-request.ts";

const MODERN_VERSION = "2026-07-28";
const LEGACY_VERSIONS: ReadonlySet<string | null> = new Set([null, "2025-03-26", "2025-06-18", "2025-11-25"]);

type Info = { readonly name: string; readonly version: string };

/**
 * Answers calls of tools that are data, by any author, without the SDK. For every message the SDK builds a server,
 * converts schemas and checks the result; for a well-formed call this only adds a fixed frame around the tool's answer.
 * Calls that are not fully understood, including every error, are left to the SDK. test/worker/direct-call.test.ts
 * checks that both give the same answers.
 */
export class ToolAnswerer implements Answerer {
  readonly #tools: ReadonlyMap<string, SessionTool>;
  /** Members that every result of the modern era has, as JSON. */
  readonly #modernMembers: string;
  readonly #log: Logger;
  /**
   * Modern envelopes that the SDK has accepted, as JSON. The SDK's schema decides whether an envelope is valid; this
   * class only checks whether the SDK has accepted the same one before. A client's envelope stays the same between
   * calls.
   */
  readonly #envelopes = new Set<string>();

  constructor(tools: readonly SessionTool[], serverInfo: JsonObject, log: Logger) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    const members = { resultType: "complete", _meta: { [`${ENVELOPE}serverInfo`]: serverInfo } };
    this.#modernMembers = JSON.stringify(members).slice(1, -1);
    this.#log = log;
  }

  take(message: Message): Taken | null {
    const parts = message.callsTool ? callOf(message.body) : null;
    const tool = parts === null ? undefined : this.#tools.get(parts.name);
    if (parts === null || tool === undefined || !this.#understands(message, parts)) return null;
    const args = tool.input.check(parts.args);
    if (args.issues !== undefined) return null;
    const { id, meta } = parts;
    const client = message.era === "modern" ? (meta?.[`${ENVELOPE}clientInfo`] as Info | undefined) : undefined;
    return {
      asksSession: true,
      answer: async (call) => {
        const result = await runTool(tool, args.value, call, client, this.#log);
        const text = withMembers(message.era, JSON.stringify(result), this.#modernMembers);
        return answerOf(id, text, result.isError === true);
      },
    };
  }

  /** Remembers the envelope of a modern call that the SDK has answered with a result. */
  learn({ era, callsTool, body }: Message, { outcome }: Answer): void {
    if (era !== "modern" || !callsTool || (outcome !== "ok" && outcome !== "tool_error")) return;
    const envelope = envelopeOf(callOf(body)?.meta ?? null);
    if (envelope === null || envelope.length > MAX_KNOWN_ENVELOPE_LENGTH) return;
    if (this.#envelopes.size >= MAX_KNOWN_ENVELOPES) this.#envelopes.clear();
    this.#envelopes.add(envelope);
  }

  /** Whether everything in the message and its headers, besides the call itself, is known to be valid. */
  #understands({ era, request: { headers } }: Message, { name, meta }: Parts): boolean {
    const version = headers.get(VERSION_HEADER);
    const claimed = meta !== null && `${ENVELOPE}protocolVersion` in meta;
    if (era === "legacy") return !claimed && LEGACY_VERSIONS.has(version) && isPlainMeta(meta);
    const asStated =
      claimed &&
      version === MODERN_VERSION &&
      meta[`${ENVELOPE}protocolVersion`] === MODERN_VERSION &&
      headers.get("mcp-method") === "tools/call" &&
      headers.get("mcp-name") === name;
    const envelope = asStated ? envelopeOf(meta) : null;
    return envelope !== null && this.#envelopes.has(envelope);
  }
}

/** The parts of a call that determine its answer. */
interface Parts {
  readonly id: string | number;
  readonly name: string;
  readonly args: JsonObject;
  readonly meta: JsonObject | null;
}

/** The parts of a `tools/call` request that has only known members; null for any other message. */
function callOf(body: unknown): Parts | null {
  const request = plainRequestOf(body);
  if (request?.method !== "tools/call" || request.params === undefined) return null;
  const { params } = request;
  if (!hasOnly(params, ["name", "arguments", "_meta"])) return null;
  const { name, arguments: args = {}, _meta: meta = null } = params;
  if (typeof name !== "string" || !isObject(args) || (meta !== null && !isObject(meta))) return null;
  if ("_meta" in params && meta === null) return null;
  return { id: request.id, name, args, meta };
}

/** Whether a legacy `_meta` has no effect: no member is reserved by the protocol, and the progress token is valid. */
const isPlainMeta = (meta: JsonObject | null): boolean =>
  meta === null || (!Object.keys(meta).some((key) => key.startsWith(ENVELOPE)) && lastingPartOf(meta) !== null);

/** The parts of a modern `_meta` that stay the same between calls, as JSON. Null if a variable member is invalid. */
function envelopeOf(meta: JsonObject | null): string | null {
  const lasting = meta === null ? null : lastingPartOf(meta);
  return lasting === null ? null : JSON.stringify(lasting);
}
