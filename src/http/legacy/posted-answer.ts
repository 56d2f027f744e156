import { isJSONRPCResponse } from "@modelcontextprotocol/server";

/** The format of ids of requests to clients; answers to any other id are ignored. */
const OWN_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The id of the server's request that a message answers; null for any other message. */
export const answeredRequest = (message: unknown): string | null =>
  isJSONRPCResponse(message) && typeof message.id === "string" && OWN_ID.test(message.id) ? message.id : null;
