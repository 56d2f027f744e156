/** `npm start`: the local server, and how to connect to it. `npm start -- --port 9000` picks the port. */
import { randomBytes } from "node:crypto";
import { startServer } from "../library/local-server.ts";
import { openFrontDoor } from "./front-door.ts";
import { startOptions } from "./options.ts";

// Also during startup: the exit handler of local-server.ts ends whatever is running.
let end: () => void = () => process.exit(0);
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => end());

// npm sends a signal to its shell only, which dies without forwarding it.
if (process.env.npm_lifecycle_event !== undefined) {
  const shell = process.ppid;
  const watch = setInterval(() => {
    if (process.ppid === shell) return;
    clearInterval(watch);
    end();
  }, 250).unref();
}

/** wrangler's line per request, which duplicates the server's own. */
const WRANGLER_REQUEST_LINE = /^\[wrangler:info\] [A-Z]+ \/.*\n/gm;

let ready = false;
try {
  const { port, persistTo, vars } = startOptions(process.argv.slice(2), process.env.PORT);
  const newKey = () => randomBytes(32).toString("base64url");
  const operatorKey = process.env.OPERATOR_KEY ?? newKey();
  const doorKey = newKey();
  const server = await startServer({
    persistTo,
    vars,
    secrets: { OPERATOR_KEY: operatorKey, LOCAL_DOOR_KEY: doorKey },
    main: "scripts/start/local-worker.ts",
    onOutput: (text) => {
      if (ready) process.stdout.write(text.replace(WRANGLER_REQUEST_LINE, ""));
    },
  });
  const door = await openFrontDoor(port, server.url, doorKey);
  end = () => {
    door.close();
    void server.stop();
  };
  const url = `${door.url}/mcp`;
  const dashboard = await dashboardLink(door.url, operatorKey);
  ready = true;
  console.log(`
MCP server with session context: ${url}

Connect a client:
  Claude Code    claude mcp add --transport http session-context ${url}
  Cursor         .cursor/mcp.json   {"mcpServers": {"session-context": {"url": "${url}"}}}
  VS Code        .vscode/mcp.json   {"servers": {"session-context": {"type": "http", "url": "${url}"}}}
  MCP Inspector  npx @modelcontextprotocol/inspector --cli ${url} --transport http --method tools/list

Dashboard, for you alone: ${dashboard}

Sessions are kept in ${persistTo}. Ctrl+C ends the server. One line per request follows.
`);
  await server.exited;
  door.close();
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}

/** With the operator key if the page asks for it; in modes with tokens it asks for a token. */
async function dashboardLink(origin: string, key: string): Promise<string> {
  const page = await (await fetch(`${origin}/dashboard`)).text();
  return `${origin}/dashboard${page.includes('data-sign-in="key"') ? `#key=${key}` : ""}`;
}
