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

// Also while it still starts: the exit handler of server.ts ends what runs by then.
let end: () => void = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end());

// npm passes a signal on to its shell, and that dies of it without passing it on.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    end();
  }, 250).unref();
}

/** wrangler's own line about a request; the server's says all of it, and more. */
const WRANGLER_REQUEST_LINE = /^\[wrangler:info\] [A-Z]+ \/.*\n/gm;

let ready = false;
try {
  const server = await startServer({
    port: Number(values.port),
    persistTo: values["persist-to"],
    vars,
    onOutput: (text) => {
      if (ready) process.stdout.write(text.replace(WRANGLER_REQUEST_LINE, ""));
    },
  });
  ready = true;
  end = () => void server.stop();
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
  await server.exited;
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
