import { McpServer } from "@modelcontextprotocol/server";
import { version } from "../../package.json";
import { MAX_CLIENT_LENGTH } from "../constants.ts";
import type { Logger } from "../log.ts";
import type { SessionCall } from "./session-call.ts";
import type { SessionTool } from "./session-tool.ts";
import { answerResult, errorResult, failureResult } from "./tool-result.ts";
import { endSession } from "./tools/end-session.ts";
import { getSessionContext } from "./tools/get-session-context.ts";
import { getSessionCount } from "./tools/get-session-count.ts";
import { getWorkingDirectory } from "./tools/get-working-directory.ts";
import { listProjects } from "./tools/list-projects.ts";
import { listSessions } from "./tools/list-sessions.ts";
import { registerProject } from "./tools/register-project.ts";
import { removeProject } from "./tools/remove-project.ts";
import { resolveProject } from "./tools/resolve-project.ts";
import { setActiveProject } from "./tools/set-active-project.ts";
import { setWorkingDirectory } from "./tools/set-working-directory.ts";

export const SERVER_INFO = {
  name: "mcp-session-context",
  title: "Session context",
  version,
};

const TOOLS: readonly SessionTool[] = [
  setWorkingDirectory,
  getWorkingDirectory,
  getSessionContext,
  getSessionCount,
  listSessions,
  endSession,
  resolveProject,
  registerProject,
  listProjects,
  removeProject,
  setActiveProject,
];

const INSTRUCTIONS = `This server remembers, for each conversation by itself, which directory it works in.
1. At the start of a conversation call set_working_directory with the absolute path of the project.
2. Its result names a session_id. Pass that session_id to every later call of this server, and never one of another conversation.
3. A result with working_directory null says in its hint what to call. A context is forgotten when it was not used until its expires_at; setting the directory again under the same session_id brings it back.
4. When the work is finished, end_session forgets the context.`;

/** Builds the server that answers one request. `session layer` → this: any factory of the same shape could stand here. */
export function buildServer(call: SessionCall, log: Logger): McpServer {
  const server = new McpServer(SERVER_INFO, {
    instructions: INSTRUCTIONS,
    capabilities: { tools: { listChanged: false } },
  });
  for (const tool of TOOLS) {
    const { name, title, description, annotations, input, output, run } = tool;
    server.registerTool(
      name,
      { title, description, annotations, inputSchema: input, outputSchema: output },
      async (args: Record<string, unknown>) => {
        try {
          const result = await run(args, call, clientName(server, call));
          call.toolSucceeded ||= result.ok;
          return result.ok ? answerResult(result.value) : failureResult(result.failure);
        } catch (error) {
          // A bug. Its text may name anything, so it goes to the log alone.
          const reference = crypto.randomUUID();
          log("error", "tool_threw", { tool: name, reference, error: String((error as Error)?.stack ?? error) });
          return errorResult(`Internal error in ${name}. Try again; if it stays, report reference ${reference}`);
        }
      },
    );
  }
  return server;
}

/** What the caller calls itself: modern requests carry it, of legacy ones only the user agent is known. */
function clientName(server: McpServer, call: SessionCall): string | null {
  const info = server.server.getClientVersion();
  const name = info === undefined ? call.caller.userAgent : `${info.name}/${info.version}`;
  return name === null ? null : name.toWellFormed().slice(0, MAX_CLIENT_LENGTH);
}
