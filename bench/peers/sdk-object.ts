/**
 * The SDK's own handler with a Durable Object behind it, as a competent user would write it in an hour: ids by
 * `newUniqueId`, one value, an alarm that deletes it after a day. No owners, no count, no limits.
 */
import { DurableObject, env } from "cloudflare:workers";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { z } from "zod";

interface PeerEnv {
  readonly DIRECTORIES: DurableObjectNamespace<DirectoryObject>;
}

const IDLE_TIMEOUT_MS = 24 * 60 * 60 * 1000;
const SESSION_HEADER = "mcp-session-id";

export class DirectoryObject extends DurableObject {
  async set(directory: string): Promise<void> {
    this.ctx.storage.kv.put("directory", directory);
    await this.ctx.storage.setAlarm(Date.now() + IDLE_TIMEOUT_MS);
  }

  async get(): Promise<string | null> {
    const directory = this.ctx.storage.kv.get<string>("directory");
    if (directory === undefined) return null;
    await this.ctx.storage.setAlarm(Date.now() + IDLE_TIMEOUT_MS);
    return directory;
  }

  override async alarm(): Promise<void> {
    await this.ctx.storage.deleteAll();
  }
}

const namespace = (env as unknown as PeerEnv).DIRECTORIES;
const sessionArgument = z.string().optional().describe("The session, as an earlier result named it");

const handler = createMcpHandler(({ requestInfo }) => {
  const server = new McpServer({ name: "sdk-object", version: "1.0.0" });
  const sessionOf = (argument: string | undefined) => {
    const id = argument ?? requestInfo?.headers.get(SESSION_HEADER);
    return id ? namespace.idFromString(id) : namespace.newUniqueId();
  };
  server.registerTool(
    "set_working_directory",
    {
      description: "Sets the directory that this conversation works in",
      inputSchema: z.object({ directory: z.string(), session_id: sessionArgument }),
      outputSchema: z.object({ session_id: z.string(), working_directory: z.string() }),
    },
    async ({ directory, session_id }) => {
      const id = sessionOf(session_id);
      await namespace.get(id).set(directory);
      return {
        content: [{ type: "text", text: `Working directory set to ${directory} in session ${id}` }],
        structuredContent: { session_id: id.toString(), working_directory: directory },
      };
    },
  );
  server.registerTool(
    "get_working_directory",
    {
      description: "Returns the directory that this conversation works in",
      inputSchema: z.object({ session_id: sessionArgument }),
      outputSchema: z.object({ session_id: z.string(), working_directory: z.string().nullable() }),
    },
    async ({ session_id }) => {
      const id = sessionOf(session_id);
      const directory = await namespace.get(id).get();
      return {
        content: [{ type: "text", text: `Working directory: ${directory} (session ${id})` }],
        structuredContent: { session_id: id.toString(), working_directory: directory },
      };
    },
  );
  return server;
});

export default {
  async fetch(request: Request): Promise<Response> {
    const { method } = (await request.clone().json()) as { method?: string };
    const response = await handler.fetch(request);
    if (method !== "initialize") return response;
    const headers = new Headers(response.headers);
    headers.set(SESSION_HEADER, namespace.newUniqueId().toString());
    return new Response(response.body, { status: response.status, headers });
  },
};
