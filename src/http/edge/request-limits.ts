import { jsonRpcError, SERVER_ERROR } from "./json-rpc.ts";
import { MAX_HEADERS_LENGTH, MAX_URL_LENGTH } from "./limits.ts";

/**
 * Rejects a request whose URL or headers are too long, before any other work; null if both fit. {@link readBody} limits
 * the body.
 */
export function refuseOversize(request: Request): Response | null {
  if (request.url.length > MAX_URL_LENGTH) {
    return jsonRpcError(414, SERVER_ERROR, `URI Too Long: a request URL may have ${MAX_URL_LENGTH} characters`);
  }
  let length = 0;
  request.headers.forEach((value, name) => {
    length += name.length + value.length;
  });
  if (length > MAX_HEADERS_LENGTH) {
    const message = `Request Header Fields Too Large: all headers together may have ${MAX_HEADERS_LENGTH} characters`;
    return jsonRpcError(431, SERVER_ERROR, message);
  }
  return null;
}

/** The request's body, or null if it has more than `maxBytes`. */
export async function readBody(request: Request, maxBytes: number): Promise<ArrayBuffer | null> {
  const length = request.headers.get("content-length");
  if (length !== null && !request.headers.has("transfer-encoding")) {
    return Number.parseInt(length, 10) > maxBytes ? null : request.arrayBuffer();
  }
  return readStream(request.body, maxBytes);
}

/** Reads a whole stream. Null if it exceeds `maxBytes`; reading stops there. */
export async function readStream(stream: ReadableStream | null, maxBytes: number): Promise<ArrayBuffer | null> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    if (size > maxBytes) return null;
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}
