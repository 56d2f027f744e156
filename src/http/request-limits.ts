import { MAX_HEADERS_LENGTH, MAX_URL_LENGTH } from "../constants.ts";
import { jsonRpcError, SERVER_ERROR } from "./json-rpc.ts";

/** Refuses what is too large before anything is done with it; null if all is well. Bodies have their own limit. */
export function refuseOversize(request: Request): Response | null {
  if (request.url.length > MAX_URL_LENGTH) {
    return jsonRpcError(414, SERVER_ERROR, `URI Too Long: a request URL may have ${MAX_URL_LENGTH} characters`);
  }
  let length = 0;
  for (const [name, value] of request.headers) length += name.length + value.length;
  if (length > MAX_HEADERS_LENGTH) {
    const message = `Request Header Fields Too Large: all headers together may have ${MAX_HEADERS_LENGTH} characters`;
    return jsonRpcError(431, SERVER_ERROR, message);
  }
  return null;
}
