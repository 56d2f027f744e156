import type { CallToolResult } from "@modelcontextprotocol/server";
import { MAX_KNOWN_ENVELOPE_LENGTH, MAX_KNOWN_ENVELOPES } from "../constants.ts";
import type { Logger } from "../log.ts";
import type { Era } from "./caller.ts";
import { KnownAnswers } from "./known-answers.ts";
import { ENVELOPE, hasOnly, isObject, type Json, lastingPartOf, plainRequestOf } from "./plain-request.ts";
import { runTool } from "./run-tool.ts";
import type { SessionCall } from "./session-call.ts";
import type { SessionTool } from "./session-tool.ts";

const MODERN_VERSION = "2026-07-28";
const LEGACY_VERSIONS: ReadonlySet<string | null> = new Set([null, "2025-03-26", "2025-06-18", "2025-11-25"]);

type Info = { readonly name: string; readonly version: string };

/** A call that needs no SDK: everything about it is known to be in order. */
export interface DirectCall {
  readonly era: Era;
  /** Runs the tool and returns the body of the answer. */
  run(call: SessionCall): Promise<string>;
}

/**
 * The short way for calls of this server's own tools. The SDK builds a server, converts schemas and checks the result for
 * every request; for a well-formed call all that comes to a fixed frame around the tool's answer. Only calls that are
 * fully understood go this way, and everything else, every error among them, takes the SDK's:
 * test/worker/direct-call.test.ts holds the two against each other.
 */
export class DirectCalls {
  readonly #tools: ReadonlyMap<string, SessionTool>;
  /** What every result of the modern era has besides its own, as JSON. */
  readonly #modernMembers: string;
  readonly #log: Logger;
  /**
   * Modern envelopes that the SDK has accepted, as text. Its schema decides what an envelope may be; here it only has to be
   * the same as one before, which a client's are from call to call.
   */
  readonly #envelopes = new Set<string>();
  /** What this server answers everybody alike. */
  readonly answers = new KnownAnswers();

  constructor(tools: readonly SessionTool[], serverInfo: Json, log: Logger) {
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    const members = { resultType: "complete", _meta: { [`${ENVELOPE}serverInfo`]: serverInfo } };
    this.#modernMembers = JSON.stringify(members).slice(1, -1);
    this.#log = log;
  }

  /** The call in this request, or null if it is anything but a well-formed call of a known tool. */
  read(headers: Headers, body: unknown): DirectCall | null {
    const message = callOf(body);
    if (message === null) return null;
    const { id, name, meta } = message;
    const tool = this.#tools.get(name);
    const era = tool === undefined ? null : this.#eraOf(headers, name, meta);
    if (tool === undefined || era === null) return null;
    const args = tool.input.safeParse(message.args);
    if (!args.success) return null;
    const client = era === "modern" ? (meta?.[`${ENVELOPE}clientInfo`] as Info | undefined) : undefined;
    return {
      era,
      run: async (call) => {
        const result = await runTool(tool, args.data, call, { id, client }, this.#log);
        return this.#frame(era, id, result);
      },
    };
  }

  /** Remembers the envelope of a modern call that the SDK has answered with a result. */
  learn(body: unknown): void {
    const envelope = envelopeOf(callOf(body)?.meta ?? null);
    if (envelope === null || envelope.length > MAX_KNOWN_ENVELOPE_LENGTH) return;
    if (this.#envelopes.size >= MAX_KNOWN_ENVELOPES) this.#envelopes.clear();
    this.#envelopes.add(envelope);
  }

  #eraOf(headers: Headers, name: string, meta: Json | null): Era | null {
    const version = headers.get("mcp-protocol-version");
    const claimed = meta !== null && `${ENVELOPE}protocolVersion` in meta;
    if (!claimed) return LEGACY_VERSIONS.has(version) && isPlainMeta(meta) ? "legacy" : null;
    const asStated =
      version === MODERN_VERSION &&
      meta[`${ENVELOPE}protocolVersion`] === MODERN_VERSION &&
      headers.get("mcp-method") === "tools/call" &&
      headers.get("mcp-name") === name;
    const envelope = asStated ? envelopeOf(meta) : null;
    return envelope !== null && this.#envelopes.has(envelope) ? "modern" : null;
  }

  /** The frame that the SDK puts around a result, member by member in its order. */
  #frame(era: Era, id: string | number, result: CallToolResult): string {
    const text = JSON.stringify(result);
    const framed = era === "legacy" ? text : `${text.slice(0, -1)},${this.#modernMembers}}`;
    return `{"result":${framed},"jsonrpc":"2.0","id":${JSON.stringify(id)}}`;
  }
}

/** The parts of a `tools/call` request that has no members but those known here; null for any other message. */
function callOf(body: unknown): { id: string | number; name: string; args: Json; meta: Json | null } | null {
  const request = plainRequestOf(body);
  if (request?.method !== "tools/call" || request.params === undefined) return null;
  const { params } = request;
  if (!hasOnly(params, ["name", "arguments", "_meta"])) return null;
  const { name, arguments: args = {}, _meta: meta = null } = params;
  if (typeof name !== "string" || !isObject(args) || (meta !== null && !isObject(meta))) return null;
  if ("_meta" in params && meta === null) return null;
  return { id: request.id, name, args, meta };
}

/** A legacy `_meta` that asks for nothing: no member is reserved to the protocol, and the progress token is one. */
const isPlainMeta = (meta: Json | null): boolean =>
  meta === null || (!Object.keys(meta).some((key) => key.startsWith(ENVELOPE)) && lastingPartOf(meta) !== null);

/** What of a modern `_meta` is the same from call to call, as text; null if a varying member is not what it should be. */
function envelopeOf(meta: Json | null): string | null {
  const lasting = meta === null ? null : lastingPartOf(meta);
  return lasting === null ? null : JSON.stringify(lasting);
}
