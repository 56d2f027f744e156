/** `npm start`: the local server, and how to connect to it. `npm start -- --port 9000` picks the port. */
import { parseArgs } from "node:util";
import { startServer } from "./server.ts";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: process.env.PORT ?? "8787" },
    "persist-to": { type: "string", default: ".wrangler/state" },
    var: { type: "string", multiple: true, default: [] },
  },
});

const vars = Object.fromEntries(
  values.var.map((text) => {
    const colon = text.indexOf(":");
    return [text.slice(0, colon), text.slice(colon + 1)];
  }),
);

let ready = false;
try {
  const server = await startServer({
    port: Number(values.port),
    persistTo: values["persist-to"],
    vars,
    onOutput: (text) => {
      if (ready) process.stdout.write(text);
    },
  });
  ready = true;
  const url = `${server.url}/mcp`;
  console.log(`
MCP server with session context: ${url}

Connect a client:
  Claude Code    claude mcp add --transport http session-context ${url}
  Cursor         .cursor/mcp.json   {"mcpServers": {"session-context": {"url": "${url}"}}}
  VS Code        .vscode/mcp.json   {"servers": {"session-context": {"type": "http", "url": "${url}"}}}
  MCP Inspector  npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list

Sessions are kept in ${values["persist-to"]}. Ctrl+C ends the server. One line per request follows.
`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void server.stop());
  await server.exited;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
