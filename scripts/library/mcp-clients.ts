/** Real MCP clients of each kind behind one interface, for the demo and the end-to-end tests. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

/** `modern` and `legacy`: SDK v2 in that era. `v1`: the previous SDK, which supports the legacy era only. */
export const CLIENT_KINDS = ["modern", "legacy", "v1"] as const;
export type ClientKind = (typeof CLIENT_KINDS)[number];

/** Readable name of each kind of client. */
export const CLIENT_LABELS: Record<ClientKind, string> = {
  modern: "SDK v2, 2026-07-28",
  legacy: "SDK v2, 2025-11-25",
  v1: "SDK v1, 2025-11-25",
};

export interface ConnectOptions {
  /** The client's name in the protocol and as user agent; the session stores it with `/1.0.0` appended. */
  readonly name?: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Resumes a legacy session that another connection has opened, instead of opening one. */
  readonly resume?: { readonly sessionId: string; readonly protocolVersion: string };
}

/** A tool's result in parsed form. */
export interface ToolReply {
  readonly isError: boolean;
  /** The text form, for models. */
  readonly text: string;
  /** The structured form; empty for errors. */
  readonly data: Readonly<Record<string, unknown>>;
}

export interface ConnectedClient {
  readonly kind: ClientKind;
  /** The protocol revision that client and server agreed on. */
  readonly protocolVersion: string | undefined;
  /** The server's `instructions` for a model. */
  readonly instructions: string | undefined;
  /** The session of the `Mcp-Session-Id` header; undefined in the modern era, which has none. */
  sessionId(): string | undefined;
  /** @throws the SDK's error if the server answers with an HTTP or JSON-RPC error. */
  call(tool: string, args?: Record<string, unknown>): Promise<ToolReply>;
  listTools(): Promise<string[]>;
  /** `DELETE /mcp`: ends the session of the legacy client's header. */
  terminateSession(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Connects a client of `kind` to the MCP endpoint of the server at `serverUrl`.
 * @throws the SDK's error if the server is unreachable or supports no revision that the client supports.
 */
export function connect(kind: ClientKind, serverUrl: string, options: ConnectOptions = {}): Promise<ConnectedClient> {
  const url = new URL(`${serverUrl}/mcp`);
  return kind === "v1" ? connectV1(url, options) : connectV2(kind, url, options);
}

async function connectV2(
  kind: "modern" | "legacy",
  url: URL,
  { name, headers, resume }: ConnectOptions,
): Promise<ConnectedClient> {
  const transport = new StreamableHTTPClientTransport(url, { ...init(name, headers), ...resume });
  const client = new Client(
    { name: name ?? `demo-${kind}`, version: "1.0.0" },
    kind === "modern" ? { versionNegotiation: { mode: "auto" } } : {},
  );
  await client.connect(transport);
  return {
    ...face(kind, client, transport),
    call: async (name, args = {}) => reply(await client.callTool({ name, arguments: args })),
    protocolVersion: client.getNegotiatedProtocolVersion() ?? resume?.protocolVersion,
  };
}

async function connectV1(url: URL, { name, headers, resume }: ConnectOptions): Promise<ConnectedClient> {
  const { sessionId, protocolVersion } = resume ?? {};
  const transport = new TransportV1(url, { ...init(name, headers), ...(sessionId === undefined ? {} : { sessionId }) });
  const client = new ClientV1({ name: name ?? "demo-v1", version: "1.0.0" });
  // The SDK's own types conflict under exactOptionalPropertyTypes: only one of them allows sessionId to be undefined.
  await client.connect(transport as Parameters<ClientV1["connect"]>[0]);
  if (protocolVersion !== undefined) transport.setProtocolVersion(protocolVersion);
  return {
    ...face("v1", client, transport),
    call: async (name, args = {}) => reply(await client.callTool({ name, arguments: args })),
    protocolVersion: transport.protocolVersion,
  };
}

const init = (name: ConnectOptions["name"], headers: ConnectOptions["headers"]) => ({
  requestInit: { headers: { ...(name === undefined ? {} : { "user-agent": `${name}/1.0.0` }), ...headers } },
});

/** The behaviour that both SDKs share. */
const face = (kind: ClientKind, client: Client | ClientV1, transport: StreamableHTTPClientTransport | TransportV1) => ({
  kind,
  instructions: client.getInstructions(),
  sessionId: () => transport.sessionId,
  listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
  terminateSession: () => transport.terminateSession(),
  close: () => client.close(),
});

/** Both SDKs check a result against the protocol's schema before returning it. */
function reply(result: object): ToolReply {
  const { isError, content, structuredContent } = result as {
    isError?: boolean;
    content: readonly { type: string; text?: string }[];
    structuredContent?: Record<string, unknown>;
  };
  return {
    isError: isError === true,
    text: content.map((part) => part.text ?? `[${part.type}]`).join("\n"),
    data: structuredContent ?? {},
  };
}
