import { fail, ok, type Result } from "../../model/failure.ts";
import { describeBodyFault, parseBody } from "../edge/json-body.ts";
import { INVALID_REQUEST, PARSE_ERROR, SERVER_ERROR } from "../edge/json-rpc.ts";
import { MAX_BODY_BYTES } from "../edge/limits.ts";
import { readBody } from "../edge/request-limits.ts";
import type { HttpRefusal } from "./refusal.ts";

const JSON_TYPE = "application/json";

/** Reads the body of a POST as JSON, within its limits. */
export async function readMessages(request: Request): Promise<Result<unknown, HttpRefusal>> {
  const { headers, method } = request;
  if (method !== "POST") {
    return fail({
      ...refusal(405, `Method ${method} not allowed. Send MCP messages with POST`),
      headers: { Allow: "POST, DELETE" },
    });
  }
  const type = headers.get("content-type");
  if (type !== JSON_TYPE && type?.split(";")[0]?.trim().toLowerCase() !== JSON_TYPE) {
    return fail(refusal(415, "Unsupported Media Type: Content-Type must be application/json"));
  }
  const accept = headers.get("accept")?.toLowerCase() ?? "";
  // Both revisions: a client must accept JSON and event streams.
  if (!accept.includes(JSON_TYPE) || !accept.includes("text/event-stream")) {
    return fail(refusal(406, "Not Acceptable: Accept must list application/json and text/event-stream"));
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
