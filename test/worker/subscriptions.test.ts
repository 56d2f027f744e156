import { exports } from "cloudflare:workers";
import { expect, it } from "vitest";

const listen = (headers: Record<string, string>) =>
  exports.default.fetch("http://localhost/mcp", {
    method: "POST",
    headers: {
      Host: "localhost",
      "Content-Type": "application/json",
      Accept: "application/json, text/event-stream",
      "MCP-Protocol-Version": "2026-07-28",
      ...headers,
    },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 7,
      method: "subscriptions/listen",
      params: {
        notifications: { toolsListChanged: true },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
  });

it("subscriptions/listen is acknowledged with nothing, since nothing here changes, and ends at once", async () => {
  const response = await listen({ "Mcp-Method": "subscriptions/listen" });
  expect(response.status).toBe(200);
  // Read to its end: a stream that stays open would be billed, and time this test out.
  const frames = (await response.text()).split("\n").filter((line) => line.startsWith("data: "));
  const [acknowledged, ended, ...others] = frames.map((line) => JSON.parse(line.slice("data: ".length)));
  expect(acknowledged).toMatchObject({
    method: "notifications/subscriptions/acknowledged",
    params: { notifications: {}, _meta: { "io.modelcontextprotocol/subscriptionId": 7 } },
  });
  expect(ended).toMatchObject({ id: 7, result: { resultType: "complete" } });
  expect(others).toEqual([]);
});

it("subscriptions/listen under another method's header is refused for that, as any request", async () => {
  const response = await listen({ "Mcp-Method": "tools/list" });
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ id: 7, error: { code: -32020 } });
});
