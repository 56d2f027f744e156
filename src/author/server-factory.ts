import type { McpServer } from "@modelcontextprotocol/server";
import type { SessionCall } from "../call/session-call.ts";

/** Builds the MCP server that answers one message. The session layer depends on nothing else of a server. */
export type ServerFactory = (call: SessionCall) => McpServer;
