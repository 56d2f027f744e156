/** An MCP server with a counter for each conversation. The library does everything about sessions. */
import { McpServer } from "@modelcontextprotocol/server";
import { type BuildContext, failureResult, sessionApp, sessionIdArgument } from "mcp-session-context";
import { z } from "zod";

// The platform looks for the Durable Object classes among the exports of the main module.
export { ProjectCatalog, SessionObject, SessionRegistry } from "mcp-session-context";

/** The state of a session. Each field is a key that may be missing; its values are checked on every write and read. */
const counterState = z.object({
  count: z.number().int(),
  remarks: z.array(z.string()),
});

/** Called for every request; `session` and `state` are those of the request's caller. */
function buildServer({ session, state }: BuildContext<typeof counterState>): McpServer {
  const server = new McpServer({ name: "counter", version: "1.0.0" });

  server.registerTool(
    "increment",
    {
      description: "Adds to the counter of this conversation. Pass the session_id of the result to every later call.",
      // Modern clients have no session of their own: the model passes the id back as an argument.
      inputSchema: z.object({ by: z.number().int().default(1), session_id: sessionIdArgument }),
    },
    async ({ by, session_id }) => {
      // Safe under concurrent calls: if another call has changed the value meanwhile, the function is called again.
      const updated = await state.update("count", (count = 0) => count + by, session_id);
      // An expected failure is a value. The tool error tells the model what to do.
      if (!updated.ok) return failureResult(updated.failure);
      return answer({ session_id: updated.value.sessionId, count: updated.value.value });
    },
  );

  server.registerTool(
    "remark",
    {
      description: "Keeps a remark about the counter of this conversation.",
      inputSchema: z.object({ text: z.string(), session_id: sessionIdArgument }),
    },
    async ({ text, session_id }) => {
      const updated = await state.update("remarks", (remarks = []) => [...remarks, text], session_id);
      if (!updated.ok) return failureResult(updated.failure);
      return answer({ session_id: updated.value.sessionId, remarks: updated.value.value.length });
    },
  );

  server.registerTool(
    "read",
    {
      description: "Returns the counter of this conversation and the remarks about it.",
      inputSchema: z.object({ session_id: sessionIdArgument }),
    },
    async ({ session_id }) => {
      const listed = await state.list(session_id);
      if (!listed.ok) return failureResult(listed.failure);
      const { count = 0, remarks = [] } = listed.value.values;
      return answer({ session_id: listed.value.sessionId, count, remarks });
    },
  );

  server.registerTool(
    "reset",
    {
      description: "Forgets the counter of this conversation and the remarks about it.",
      inputSchema: z.object({ session_id: sessionIdArgument }),
    },
    async ({ session_id }) => {
      const ended = await session.end(session_id);
      if (!ended.ok) return failureResult(ended.failure);
      return answer({ session_id: ended.value.sessionId, forgotten: ended.value.ended });
    },
  );

  return server;
}

const answer = (value: Record<string, unknown>) => ({
  content: [{ type: "text" as const, text: JSON.stringify(value) }],
  structuredContent: value,
});

// A Hono app with the route /mcp. Add routes of your own to it if you like.
export default sessionApp({ buildServer, state: counterState });
