import { DEFAULT_NEGOTIATED_PROTOCOL_VERSION, isInitializeRequest, type McpServer } from "@modelcontextprotocol/server";
import type { SessionCall } from "../../call/session-call.ts";
import { requestIdOf } from "../edge/json-rpc.ts";
import { AskingTransport } from "./asking-transport.ts";

/**
 * Runs one exchange of the legacy era through the SDK, and closes the server when it ends.
 * @param call The call whose session receives the client's answers to the server's requests.
 * @param streaming Whether the server may send progress, logs or requests before its result. A result that comes first
 *   is always answered as plain JSON; the answer is an event stream only if something precedes it.
 */
export async function legacyExchange(
  request: Request,
  body: unknown,
  server: McpServer,
  call: SessionCall,
  streaming: boolean,
): Promise<Response> {
  const awaitAnswer = streaming ? call.target.awaitAnswer : null;
  const transport = new AskingTransport(streaming, requestIdOf(body), awaitAnswer);
  await server.connect(transport);
  if (awaitAnswer !== null && !isInitializeRequest(body)) {
    const version = request.headers.get("mcp-protocol-version") ?? DEFAULT_NEGOTIATED_PROTOCOL_VERSION;
    await transport.introduce(version, request.headers.get("user-agent") ?? "unknown");
  }
  const close = () => void server.close().catch(() => {});
  request.signal.addEventListener("abort", close, { once: true });
  let response: Response;
  try {
    response = await transport.handleRequest(request, { parsedBody: body });
  } catch (error) {
    close();
    throw error;
  }
  if (response.body === null || !response.headers.get("content-type")?.includes("text/event-stream")) {
    close();
    return response;
  }
  return plainOrStream(response.status, response.headers, response.body, close);
}

/** The stream unchanged, or plain JSON if its first message is the result. */
async function plainOrStream(
  status: number,
  headers: Headers,
  body: ReadableStream<Uint8Array>,
  close: () => void,
): Promise<Response> {
  const reader = body.getReader();
  const chunks: Uint8Array[] = [];
  const decoder = new TextDecoder();
  let text = "";
  let message: string | null = null;
  while (message === null) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    text += decoder.decode(value, { stream: true });
    message = firstMessage(text);
  }
  if (message !== null && isResult(message)) {
    void reader.cancel().catch(() => {});
    close();
    const json = new Headers(headers);
    json.set("Content-Type", "application/json");
    for (const name of ["Connection", "X-Accel-Buffering"]) json.delete(name);
    return new Response(message, { status, headers: json });
  }
  const rest = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
    },
    pull: async (controller) => {
      const { done, value } = await reader.read();
      if (!done) return controller.enqueue(value);
      controller.close();
      close();
    },
    cancel: async (reason) => {
      close();
      await reader.cancel(reason);
    },
  });
  return new Response(rest, { status, headers });
}

/**
 * The data of the first complete event that has any; comments and priming events have none. Null if there is no such
 * event yet.
 */
function firstMessage(stream: string): string | null {
  const events = stream.split("\n\n").slice(0, -1);
  for (const event of events) {
    const data = event
      .split("\n")
      .flatMap((line) => (line.startsWith("data:") ? [line.slice(5).trimStart()] : []))
      .join("\n");
    if (data !== "") return data;
  }
  return null;
}

function isResult(message: string): boolean {
  const { method } = JSON.parse(message) as { method?: unknown };
  return method === undefined;
}
