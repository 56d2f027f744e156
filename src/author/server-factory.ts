import type { McpServer } from "@modelcontextprotocol/server";
import type { SessionCall } from "../call/session-call.ts";

/** Builds the MCP server that answers one message. The session layer knows no more of a server than this. */
export type ServerFactory = (call: SessionCall) => McpServer;
