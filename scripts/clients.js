/** Real MCP clients of each kind, behind one face: what the demo and the end-to-end tests talk to the server with. */
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { Client as ClientV1 } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport as TransportV1 } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
/** `modern` and `legacy`: SDK v2 in the era of that name. `v1`: the SDK before it, which knows the legacy era only. */
export const CLIENT_KINDS = ["modern", "legacy", "v1"];
/** How people would name a client of this kind. */
export const CLIENT_LABELS = {
  modern: "SDK v2, 2026-07-28",
  legacy: "SDK v2, 2025-11-25",
  v1: "SDK v1, 2025-11-25",
};
/**
 * Connects a client of `kind` to the MCP endpoint of the server at `serverUrl`.
 * @throws the SDK's error if the server is not there or speaks no revision that the client knows.
 */
export function connect(kind, serverUrl, options = {}) {
  const url = new URL(`${serverUrl}/mcp`);
  return kind === "v1" ? connectV1(url, options) : connectV2(kind, url, options);
}
async function connectV2(kind, url, { name, headers, resume }) {
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
async function connectV1(url, { name, headers, resume }) {
  const { sessionId, protocolVersion } = resume ?? {};
  const transport = new TransportV1(url, { ...init(name, headers), ...(sessionId === undefined ? {} : { sessionId }) });
  const client = new ClientV1({ name: name ?? "demo-v1", version: "1.0.0" });
  // Its own types contradict each other under exactOptionalPropertyTypes: sessionId may be undefined in one, not in the other.
  await client.connect(transport);
  if (protocolVersion !== undefined) transport.setProtocolVersion(protocolVersion);
  return {
    ...face("v1", client, transport),
    call: async (name, args = {}) => reply(await client.callTool({ name, arguments: args })),
    protocolVersion: transport.protocolVersion,
  };
}
const init = (name, headers) => ({
  requestInit: { headers: { ...(name === undefined ? {} : { "user-agent": `${name}/1.0.0` }), ...headers } },
});
/** What both SDKs do alike. */
const face = (kind, client, transport) => ({
  kind,
  instructions: client.getInstructions(),
  sessionId: () => transport.sessionId,
  listTools: async () => (await client.listTools()).tools.map((tool) => tool.name),
  terminateSession: () => transport.terminateSession(),
  close: () => client.close(),
});
/** Both SDKs check a result against the protocol's schema before they hand it out. */
function reply(result) {
  const { isError, content, structuredContent } = result;
  return {
    isError: isError === true,
    text: content.map((part) => part.text ?? `[${part.type}]`).join("\n"),
    data: structuredContent ?? {},
  };
}
