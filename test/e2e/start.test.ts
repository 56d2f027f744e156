import { expect, it, onTestFinished } from "vitest";
import { descendantsOf, run, runScript, survivorsOf } from "./support/processes.ts";
import { connected, ownFolder } from "./support/servers.ts";

const POLL = { timeout: 60_000, interval: 50 };

/** What `npm start` runs, or npm with it, on a free port and with storage of its own. */
async function started({ withNpm = false } = {}) {
  const args = ["--port", "0", "--persist-to", ownFolder()];
  // Killed outright, it cannot remove its scratch files: they are in a folder of the test's, which is removed.
  const env = { TMPDIR: ownFolder() };
  const script = withNpm ? run("npm", ["start", "--", ...args], env) : runScript("scripts/start.ts", args, env);
  await expect.poll(() => script.stdout(), POLL).toContain("Ctrl+C ends the server");
  const url = /MCP server with session context: (http:\/\/127\.0\.0\.1:\d+)\/mcp/.exec(script.stdout())?.[1] ?? "";
  const processes = descendantsOf(script.pid);
  onTestFinished(() => {
    for (const { pid } of survivorsOf(processes)) process.kill(pid, "SIGKILL");
  });
  expect(processes.filter(({ command }) => command.includes("workerd"))).not.toEqual([]);
  return { script, url, processes };
}

it("npm start prints the URL, how to connect each client, and a line per request; SIGINT ends it cleanly", async () => {
  const { script, url, processes } = await started();
  const endpoint = `${url}/mcp`;
  const out = script.stdout();
  expect(out).toContain(`claude mcp add --transport http session-context ${endpoint}`);
  expect(out).toContain(`{"mcpServers": {"session-context": {"url": "${endpoint}"}}}`);
  expect(out).toContain(`{"servers": {"session-context": {"type": "http", "url": "${endpoint}"}}}`);
  expect(out).toContain(`npx @modelcontextprotocol/inspector --cli ${endpoint} --transport http --method tools/list`);

  const client = await connected("legacy", url);
  await client.call("set_working_directory", { directory: "/home/me/project" });
  await expect.poll(() => script.stdout(), POLL).toContain('"tool":"set_working_directory"');

  script.kill("SIGINT");
  expect(await script.exitCode).toBe(0);
  expect(survivorsOf(processes)).toEqual([]);
  expect(script.stderr()).toBe("");
});

it("SIGTERM ends npm start cleanly too", async () => {
  const { script, processes } = await started();
  script.kill("SIGTERM");
  expect(await script.exitCode).toBe(0);
  expect(survivorsOf(processes)).toEqual([]);
});

it("SIGTERM to npm alone ends the server, which npm's shell would leave behind", async () => {
  const { script, processes } = await started({ withNpm: true });
  script.kill("SIGTERM");
  await script.exitCode;
  await expect.poll(() => survivorsOf(processes), POLL).toEqual([]);
});

it("the server ends with npm start even if that is killed outright", async () => {
  const { script, processes } = await started();
  script.kill("SIGKILL");
  expect(await script.exitCode).toBeNull();
  await expect.poll(() => survivorsOf(processes), POLL).toEqual([]);
});

it("npm start with a bad setting prints one line that names it, and exits with 1", async () => {
  const script = runScript("scripts/start.ts", ["--port", "0", "--persist-to", ownFolder(), "--var", "LOG_LEVEL:loud"]);
  expect(await script.exitCode).toBe(1);
  expect(script.stdout()).toBe("");
  expect(script.stderr()).toMatch(/^Bad configuration: LOG_LEVEL is "loud": .*\n$/);
});
