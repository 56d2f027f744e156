import { expect, it, onTestFinished } from "vitest";
import { createToken } from "../../scripts/token/create-token.ts";
import { descendantsOf, run, runScript, survivorsOf } from "./support/processes.ts";
import { connected, ownFolder } from "./support/servers.ts";

const POLL = { timeout: 60_000, interval: 50 };

/** Runs `npm start` or its script directly, on a free port and with separate storage. */
async function started({ withNpm = false, more = [] as readonly string[] } = {}) {
  const args = ["--port", "0", "--persist-to", ownFolder(), ...more];
  // After SIGKILL it cannot remove its scratch files: they are in a folder that the test removes.
  const env = { TMPDIR: ownFolder() };
  const script = withNpm ? run("npm", ["start", "--", ...args], env) : runScript("scripts/start/main.ts", args, env);
  await expect.poll(() => script.stdout(), POLL).toContain("Ctrl+C ends the server");
  const url = /MCP server with session context: (http:\/\/127\.0\.0\.1:\d+)\/mcp/.exec(script.stdout())?.[1] ?? "";
  const processes = descendantsOf(script.pid);
  onTestFinished(() => {
    for (const { pid } of survivorsOf(processes)) process.kill(pid, "SIGKILL");
  });
  expect(processes.filter(({ command }) => command.includes("workerd"))).not.toEqual([]);
  return { script, url, processes };
}

it("npm start prints the URL, how to connect each client, and a line per request; SIGINT stops it cleanly", async () => {
  const { script, url, processes } = await started();
  const endpoint = `${url}/mcp`;
  const out = script.stdout();
  expect(out).toContain(`claude mcp add --transport http session-context ${endpoint}`);
  expect(out).toContain(`{"mcpServers": {"session-context": {"url": "${endpoint}"}}}`);
  expect(out).toContain(`{"servers": {"session-context": {"type": "http", "url": "${endpoint}"}}}`);
  expect(out).toContain(`npx @modelcontextprotocol/inspector --cli ${endpoint} --transport http --method tools/list`);

  const [, key = ""] = new RegExp(`Dashboard, for you alone: ${url}/dashboard#key=([\\w-]{43})\n`).exec(out) ?? [];
  const count = (headers: HeadersInit) => fetch(`${url}/api/sessions/count`, { headers });
  expect((await count({ Authorization: `Bearer ${key}` })).status).toBe(200);
  expect((await count({})).status).toBe(401);
  expect((await fetch(`${url}/cdn-cgi/explorer/`)).status).toBe(404);

  const client = await connected("legacy", url);
  await client.call("set_working_directory", { directory: "/home/me/project" });
  await expect.poll(() => script.stdout(), POLL).toContain('"tool":"set_working_directory"');

  script.kill("SIGINT");
  expect(await script.exitCode).toBe(0);
  expect(survivorsOf(processes)).toEqual([]);
  expect(script.stderr()).toBe("");
});

it("SIGTERM also stops npm start cleanly", async () => {
  const { script, processes } = await started();
  script.kill("SIGTERM");
  expect(await script.exitCode).toBe(0);
  expect(survivorsOf(processes)).toEqual([]);
});

it("SIGTERM to npm alone stops the server, which npm's shell would leave running", async () => {
  const { script, processes } = await started({ withNpm: true });
  script.kill("SIGTERM");
  await script.exitCode;
  await expect.poll(() => survivorsOf(processes), POLL).toEqual([]);
});

it("the server ends with npm start even if that gets SIGKILL", async () => {
  const { script, processes } = await started();
  script.kill("SIGKILL");
  expect(await script.exitCode).toBeNull();
  await expect.poll(() => survivorsOf(processes), POLL).toEqual([]);
});

it("npm start with a bad setting prints one line that names it, and exits with 1", async () => {
  const script = runScript("scripts/start/main.ts", [
    "--port",
    "0",
    "--persist-to",
    ownFolder(),
    "--var",
    "LOG_LEVEL:loud",
  ]);
  expect(await script.exitCode).toBe(1);
  expect(script.stdout()).toBe("");
  expect(script.stderr()).toMatch(/^Bad configuration: LOG_LEVEL is "loud": .*\n$/);
});

it.each([
  [["--var", "LOG_LEVEL"], /^--var is "LOG_LEVEL": must be NAME:value.*\n$/],
  [["--var", ":debug"], /^--var is ":debug": must be NAME:value.*\n$/],
  [["--var"], /^Option '--var <value>' argument missing\n$/],
  [["--port", "80x0"], /^--port is "80x0": must be a whole number.*\n$/],
  [["--port", "65536"], /^--port is "65536": must be a whole number.*\n$/],
  [["--prot", "1"], /^Unknown option '--prot'.*\n$/],
])("npm start with %j reports the mistake in one line, and starts nothing", async (args, message) => {
  const script = runScript("scripts/start/main.ts", args);
  expect(await script.exitCode).toBe(1);
  expect(script.stdout()).toBe("");
  expect(script.stderr()).toMatch(message);
});

it("npm start prints no key if the dashboard takes a token", async () => {
  const { secret } = await createToken("root", ["admin"]);
  const { script, url } = await started({ more: ["--var", "AUTH_MODE:token", "--var", `AUTH_TOKENS:${secret}`] });
  expect(script.stdout()).toContain(`Dashboard, for you alone: ${url}/dashboard\n`);
});
