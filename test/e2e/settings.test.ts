import { expect, it } from "vitest";
import { type RunningServer, startServer } from "../../scripts/server.ts";
import { ownServer } from "./support/servers.ts";

it("a bad setting stops the Worker with one line that names the setting, the value and what is wanted", async () => {
  const failure = await startServer({ vars: { REGISTRY_SHARDS: "0" } }).then(
    async (server: RunningServer) => {
      await server.stop();
      return "it started";
    },
    (error: Error) => error.message,
  );
  expect(failure).toMatch(/^Bad configuration: REGISTRY_SHARDS is "0": .*from 1 to 256.*$/);
});

it("a port in use stops the server with a line that names it, rather than being taken for ours", async () => {
  const server = await ownServer();
  const port = Number(new URL(server.url).port);
  await expect(startServer({ port })).rejects.toThrow(new RegExp(`^Address already in use \\(127.0.0.1:${port}\\).*$`));
});
