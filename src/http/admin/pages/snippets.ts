import type { AuthConfig } from "../../../settings/auth-config.ts";

/** How to connect one client: instructions, and the text to copy. */
export interface Snippet {
  readonly client: string;
  readonly steps: string;
  readonly text: string;
}

/** Placeholder for the user's token. */
const TOKEN = "YOUR_TOKEN";

/**
 * How to connect each client to `endpoint`. A static token is sent in a header that the user configures; with an
 * identity provider, clients discover where to sign in.
 * @param isLocal Whether the server is on this machine, where connectors that run elsewhere cannot reach it.
 */
export function snippetsFor(endpoint: string, mode: AuthConfig["mode"], isLocal: boolean): Snippet[] {
  const withToken = mode === "token";
  const header = `Authorization: Bearer ${TOKEN}`;
  const headers = withToken ? { headers: { Authorization: `Bearer ${TOKEN}` } } : {};
  const json = (value: object): string => JSON.stringify(value, null, 2);
  const message = {
    jsonrpc: "2.0",
    id: 1,
    method: "tools/call",
    params: { name: "set_working_directory", arguments: { directory: "/home/me/project" } },
  };
  const bridge = ["-y", "mcp-remote", endpoint, ...(withToken ? ["--header", header] : [])];
  return [
    {
      client: "Claude Code",
      steps: "In a terminal:",
      text: `claude mcp add --transport http session-context ${endpoint}${withToken ? ` --header "${header}"` : ""}`,
    },
    isLocal || withToken
      ? {
          client: "Claude Desktop",
          steps: "In claude_desktop_config.json (Settings, Developer, Edit Config); then restart the app:",
          text: json({ mcpServers: { "session-context": { command: "npx", args: bridge } } }),
        }
      : {
          client: "Claude Desktop",
          steps: "Settings, Connectors, Add custom connector; enter this URL:",
          text: endpoint,
        },
    {
      client: "Cursor",
      steps: "In .cursor/mcp.json of the project, or ~/.cursor/mcp.json for all:",
      text: json({ mcpServers: { "session-context": { url: endpoint, ...headers } } }),
    },
    {
      client: "VS Code",
      steps: "In .vscode/mcp.json:",
      text: json({ servers: { "session-context": { type: "http", url: endpoint, ...headers } } }),
    },
    {
      client: "MCP Inspector",
      steps: "In a terminal; it opens in the browser:",
      text: `npx @modelcontextprotocol/inspector --transport http --server-url ${endpoint}${withToken ? ` --header "${header}"` : ""}`,
    },
    {
      client: "curl",
      steps: "In a terminal; begins a session:",
      text: [
        `curl ${endpoint} \\`,
        ...(mode === "none" ? [] : [`  -H '${header}' \\`]),
        "  -H 'Content-Type: application/json' -H 'Accept: application/json, text/event-stream' \\",
        `  -d '${JSON.stringify(message)}'`,
      ].join("\n"),
    },
  ];
}
