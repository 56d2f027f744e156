/** `McpAgent` as its documentation shows it: one Agent per client, the directory in its state, tools of the SDK's v1. */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { McpAgent } from "agents/mcp";
import { z } from "zod";

interface State {
  readonly workingDirectory: string | null;
}

export class DirectoryAgent extends McpAgent<Cloudflare.Env, State> {
  server = new McpServer({ name: "mcp-agent", version: "1.0.0" });
  override initialState: State = { workingDirectory: null };

  async init(): Promise<void> {
    this.server.registerTool(
      "set_working_directory",
      { description: "Sets the directory that this conversation works in", inputSchema: { directory: z.string() } },
      async ({ directory }) => {
        this.setState({ workingDirectory: directory });
        return { content: [{ type: "text", text: `Working directory set to ${directory}` }] };
      },
    );
    this.server.registerTool(
      "get_working_directory",
      { description: "Returns the directory that this conversation works in", inputSchema: {} },
      async () => ({ content: [{ type: "text", text: `Working directory: ${this.state.workingDirectory}` }] }),
    );
  }
}

export default DirectoryAgent.serve("/mcp", { binding: "AGENT" });
