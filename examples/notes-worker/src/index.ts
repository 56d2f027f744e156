/**
 * An MCP server that keeps notes for each conversation. It is stateless and uses only the MCP SDK: the Worker
 * mcp-session-context stores the notes, and this server calls it over a service binding.
 */
import { env } from "cloudflare:workers";
import { type CallToolResult, createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import { failureResult } from "mcp-session-context";
import { z } from "zod";

const notebookId = z
  .uuid()
  .optional()
  .describe("The notebook of this conversation, as an earlier result named it. Leave it out to open a new one");

/** Called for every request of either era; the server itself stores nothing. */
function buildServer(): McpServer {
  const server = new McpServer({ name: "notes", version: "1.0.0" });

  server.registerTool(
    "save_note",
    {
      description:
        "Keeps a note under its title. Pass the notebook_id of the result to every later call in this conversation.",
      inputSchema: z.object({ title: z.string(), text: z.string(), notebook_id: notebookId }),
    },
    // We choose the session ids. Anyone who knows one can read the notes, so it must not be guessable.
    async ({ title, text, notebook_id = crypto.randomUUID() }) => {
      // The first value begins the session. Every call is one call to one Durable Object.
      const saved = await env.CONTEXT.setState(notebook_id, title, text);
      // Expected failures are values: too many notes, too much text, …
      return saved.ok ? answer({ notebook_id, title }) : failureResult(saved.failure);
    },
  );

  server.registerTool(
    "read_note",
    {
      description: "Returns the note with this title, or null.",
      inputSchema: z.object({ title: z.string(), notebook_id: notebookId.unwrap() }),
    },
    async ({ title, notebook_id }) => {
      const got = await env.CONTEXT.getState(notebook_id, title);
      return got.ok ? answer({ notebook_id, title, text: got.value }) : failureResult(got.failure);
    },
  );

  server.registerTool(
    "list_notes",
    {
      description: "Returns the titles of all notes.",
      inputSchema: z.object({ notebook_id: notebookId.unwrap() }),
    },
    async ({ notebook_id }) => {
      const listed = await env.CONTEXT.listState(notebook_id);
      if (!listed.ok) return failureResult(listed.failure);
      return answer({ notebook_id, titles: listed.value.map(({ key }) => key) });
    },
  );

  server.registerTool(
    "forget_notebook",
    {
      description: "Forgets all notes. They are also forgotten when nobody has used them for 24 hours.",
      inputSchema: z.object({ notebook_id: notebookId.unwrap() }),
    },
    async ({ notebook_id }) => {
      const ended = await env.CONTEXT.endSession(notebook_id);
      return ended.ok ? answer({ notebook_id, forgotten: ended.value }) : failureResult(ended.failure);
    },
  );

  return server;
}

const answer = (value: Record<string, unknown>): CallToolResult => ({
  content: [{ type: "text", text: JSON.stringify(value) }],
  structuredContent: value,
});

const mcp = createMcpHandler(buildServer);

export default {
  fetch: (request) =>
    new URL(request.url).pathname === "/mcp"
      ? mcp.fetch(request)
      : new Response("The MCP endpoint is /mcp\n", { status: 404 }),
} satisfies ExportedHandler;
