import { isJSONRPCResponse } from "@modelcontextprotocol/server";

/** The form of the ids that requests to clients get here; an answer to anything else is nobody's. */
const OWN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of the request that a message answers, where this server has sent it to the client; null for any other message. */
export const answeredRequest = (message: unknown): string | null =>
  isJSONRPCResponse(message) && typeof message.id === "string" && OWN_ID.test(message.id) ? message.id : null;
