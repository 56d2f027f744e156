import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  isJSONRPCResponse,
  isLegacyRequest,
} from "@modelcontextprotocol/server";
import type { Era } from "../../call/caller.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import type { Accepted } from "../edge/accept.ts";
import { clientOfInfo } from "../edge/client-label.ts";
import { INVALID_REQUEST } from "../edge/json-rpc.ts";
import { type MessageEvent, toolLabel } from "../edge/mcp-event.ts";
import { traceOf } from "../edge/trace-context.ts";
import { MAX_BATCH_MESSAGES } from "./limits.ts";
import { ENVELOPE } from "./plain-request.ts";
import type { HttpRefusal } from "./refusal.ts";

export const SESSION_HEADER = "mcp-session-id";
export const VERSION_HEADER = "mcp-protocol-version";
/** The revision that removed batches. Without a version header, the previous revision is assumed. */
const FIRST_VERSION_WITHOUT_BATCHES = "2025-06-18";
const CLIENT_INFO = `${ENVELOPE}clientInfo`;
const METHOD_NAME = /^[a-z]+([/][A-Za-z_]{1,40}){0,2}$/;

/** A message and everything that is decided about it before it is answered. */
export interface Message {
  readonly request: Request;
  readonly era: Era;
  readonly body: unknown;
  /**
   * Whether its answer may be a stream: not in a batch, whose answers are collected, and not if the client accepts only
   * JSON.
   */
  readonly mayStream: boolean;
  readonly callsTool: boolean;
  readonly initializes: boolean;
  readonly event: MessageEvent;
}

/** The messages of a request, and what applies to all of them. */
export interface Classified {
  readonly era: Era;
  readonly messages: readonly Message[];
  readonly isBatch: boolean;
  /** The session in the header, if it applies to the messages: null in the modern era, and for `initialize`. */
  readonly header: string | null;
  /** The client's label, from the message; undefined if the message has none. */
  readonly client: string | undefined;
}

/** The members of a message that are read here, not validated. */
interface Named {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: {
    readonly name?: unknown;
    readonly requestId?: unknown;
    readonly progressToken?: unknown;
    readonly clientInfo?: unknown;
    readonly _meta?: Record<string, unknown>;
  };
}

/** Determines era, kind and session of a request, once for all later steps. Only reads; writes nothing. */
export async function classify(
  request: Request,
  body: unknown,
  accepted: Accepted,
): Promise<Result<Classified, HttpRefusal>> {
  const isBatch = Array.isArray(body);
  if (isBatch && body.length > MAX_BATCH_MESSAGES) {
    return invalid(`A batch of ${body.length} messages is too large. Send at most ${MAX_BATCH_MESSAGES}`);
  }
  const large = (isBatch ? body : [body]).map(largeNumberOf).find((found) => found !== null);
  if (large) {
    return invalid(
      `${large} must be text, or a number up to 2^53 - 1: beyond it digits are lost, and an answer could not repeat it. Send it as text`,
    );
  }
  const era = isBatch || (await isLegacyRequest(request, body)) ? "legacy" : "modern";
  const version = request.headers.get(VERSION_HEADER) ?? "";
  if (isBatch && version >= FIRST_VERSION_WITHOUT_BATCHES) {
    return invalid(`Batches are not part of protocol ${version}. Send one message per request`);
  }
  if (isBatch && (body.length === 0 || !body.every(isMessage))) {
    return invalid("A batch must be a list of JSON-RPC 2.0 messages, at least one");
  }
  const messages = (isBatch ? body : [body]).map((one) => messageOf(request, era, one, accepted.stream && !isBatch));
  if (isBatch && messages.some(({ initializes }) => initializes)) {
    return invalid("A batch must not contain initialize. Send it by itself");
  }
  const [first] = messages as [Message];
  const { params } = (first.body ?? {}) as Named;
  return ok({
    era,
    messages,
    isBatch,
    header: era === "legacy" && !first.initializes ? request.headers.get(SESSION_HEADER) : null,
    client: isBatch ? undefined : clientOfInfo(params?._meta?.[CLIENT_INFO] ?? params?.clientInfo),
  });
}

function messageOf(request: Request, era: Era, body: unknown, mayStream: boolean): Message {
  const { id, method, params } = (body ?? {}) as Named;
  return {
    request,
    era,
    body,
    mayStream,
    callsTool: method === "tools/call",
    initializes: method === "initialize",
    event: {
      id,
      // Only text in the form of a method or tool name is logged: other text could be a path or a token in the wrong
      // field.
      method: typeof method === "string" ? (METHOD_NAME.test(method) ? method : "other") : undefined,
      tool: typeof params?.name === "string" ? toolLabel(params.name) : undefined,
      trace: traceOf(params?._meta),
    },
  };
}

/** The name of a number that the answer must echo but that is too large to be exact; null if there is none. */
function largeNumberOf(message: unknown): string | null {
  const { id, params } = (message ?? {}) as Named;
  const repeated = {
    id,
    "params.requestId": params?.requestId,
    "params.progressToken": params?.progressToken,
    "params._meta.progressToken": params?._meta?.progressToken,
  };
  const isLarge = (value: unknown) => typeof value === "number" && Math.abs(value) > Number.MAX_SAFE_INTEGER;
  return Object.entries(repeated).find(([, value]) => isLarge(value))?.[0] ?? null;
}

const isMessage = (one: unknown): boolean =>
  isJSONRPCRequest(one) || isJSONRPCNotification(one) || isJSONRPCResponse(one);

const invalid = (message: string): Result<never, HttpRefusal> =>
  fail({ kind: "protocol", status: 400, code: INVALID_REQUEST, message });
