import { McpServer } from "@modelcontextprotocol/server";
import { version } from "../../package.json";
import { runTool } from "../author/run-tool.ts";
import type { ServerSession } from "../author/server-session.ts";
import type { SessionTool } from "../author/session-tool.ts";
import type { ToolArguments } from "../author/tool-input.ts";
import type { Logger } from "../base/log.ts";
import { describeOwnFailure } from "./describe-own-failure.ts";
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

const tools: readonly SessionTool[] = [
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

export const TOOLS: readonly SessionTool[] = tools.map((tool) => ({ ...tool, describe: describeOwnFailure }));

const INSTRUCTIONS = `This server remembers, for each conversation by itself, which directory it works in.
1. At the start of a conversation call set_working_directory with the absolute path of the project.
2. Its result names a session_id. Pass that session_id to every later call of this server, and never one of another conversation.
3. A result with working_directory null says in its hint what to call. A context is forgotten when it was not used until its expires_at; setting the directory again under the same session_id brings it back.
4. When the work is finished, end_session forgets the context.`;

/** Builds the server that answers one request, through the same interface as the server of any library user. */
export function buildServer({ session: { call }, log }: { session: ServerSession; log: Logger }): McpServer {
  const server = new McpServer(SERVER_INFO, {
    instructions: INSTRUCTIONS,
    capabilities: { tools: { listChanged: false } },
  });
  for (const tool of TOOLS) {
    const { name, title, description, annotations, input, output } = tool;
    server.registerTool(
      name,
      { title, description, annotations, inputSchema: input, outputSchema: output },
      (args: ToolArguments) => runTool(tool, args, call, server.server.getClientVersion(), log),
    );
  }
  return server;
}
