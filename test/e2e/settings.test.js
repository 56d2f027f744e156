import { expect, it } from "vitest";
import { startServer } from "../../scripts/server.ts";
import { ownServer } from "./support/servers.ts";

it.each([
  ["SESSION_IDLE_TIMEOUT_SECONDS", "abc", "whole number"],
  ["REGISTRY_SHARDS", "0", "from 1 to 1024"],
  ["LOG_LEVEL", "loud", '"debug"'],
])(
  "%s=%s stops the Worker with one line that names the setting, the value and what is wanted",
  async (name, value, wanted) => {
    const failure = await startServer({ vars: { [name]: value } }).then(
      async (server) => {
        await server.stop();
        return "it started";
      },
      (error) => error.message,
    );
    expect(failure).toMatch(new RegExp(`^Bad configuration: ${name} is "${value}": .*$`));
    expect(failure).toContain(wanted);
  },
);
it("a port in use stops the server with a line that names it, rather than being taken for ours", async () => {
  const server = await ownServer();
  const port = Number(new URL(server.url).port);
  await expect(startServer({ port })).rejects.toThrow(new RegExp(`^Address already in use \\(127.0.0.1:${port}\\).*$`));
});
