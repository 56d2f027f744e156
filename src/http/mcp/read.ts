import { quote } from "../../base/quote.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import type { Accepted } from "../edge/accept.ts";
import { MCP_METHODS } from "../edge/cors.ts";
import { describeBodyFault, parseBody } from "../edge/json-body.ts";
import { INVALID_REQUEST, PARSE_ERROR, SERVER_ERROR } from "../edge/json-rpc.ts";
import { MAX_BODY_BYTES } from "../edge/limits.ts";
import { readBody } from "../edge/request-limits.ts";
import type { HttpRefusal } from "./refusal.ts";

const JSON_TYPE = "application/json";

/** Reads the body of a POST as JSON, within its limits. */
export async function readMessages(request: Request, accepted: Accepted): Promise<Result<unknown, HttpRefusal>> {
  const { headers, method } = request;
  if (method !== "POST") {
    return fail({
      ...refusal(405, `Method ${method} not allowed. Send MCP messages with POST`),
      // A DELETE that gets here is modern, and the modern era has no session to delete.
      headers: { Allow: method === "DELETE" ? "POST, OPTIONS" : MCP_METHODS },
    });
  }
  const type = headers.get("content-type");
  if (type !== JSON_TYPE && type?.split(";")[0]?.trim().toLowerCase() !== JSON_TYPE) {
    return fail(refusal(415, "Unsupported Media Type: Content-Type must be application/json"));
  }
  // A few compressed bytes may expand to gigabytes. Clients do not compress requests unasked (RFC 9110, section
  // 15.5.16).
  const encoding = headers.get("content-encoding") ?? "identity";
  if (encoding.split(",").some((coding) => !/^\s*(identity)?\s*$/i.test(coding))) {
    const message = `Unsupported Media Type: Content-Encoding ${quote(encoding)} is not read here. Send the message uncompressed`;
    return fail({ ...refusal(415, message), headers: { "Accept-Encoding": "identity" } });
  }
  // Both eras require clients to accept both types. Many do not, and one is enough to answer them.
  if (!accepted.json && !accepted.stream) {
    return fail(refusal(406, "Not Acceptable: Accept must allow application/json or text/event-stream"));
  }
  const bytes = await readBody(request, MAX_BODY_BYTES);
  if (bytes === null) return fail(refusal(413, `Payload Too Large: a message may have ${MAX_BODY_BYTES} bytes`));
  const parsed = parseBody(bytes);
  if (parsed.ok) return ok(parsed.value);
  const code = parsed.failure === "not_utf8" || parsed.failure === "not_json" ? PARSE_ERROR : INVALID_REQUEST;
  const message = describeBodyFault(parsed.failure);
  return fail({ kind: "protocol", status: 400, code, message, failure: parsed.failure });
}

const refusal = (status: number, message: string): Extract<HttpRefusal, { kind: "protocol" }> => ({
  kind: "protocol",
  status,
  code: SERVER_ERROR,
  message,
});
