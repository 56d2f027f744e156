/** A client that forges by header which host it asked for, as a page with DNS rebinding can. */
import { execFileSync } from "node:child_process";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningServer, startServer } from "../../scripts/library/local-server.ts";
import { type FrontDoor, openFrontDoor } from "../../scripts/start/front-door.ts";

const KEY = "key-of-the-front-door";
const OPERATOR_KEY = "operator-key-of-the-tests-0123456789";
const EVIL = "rebound.example.com:8787";

let server: RunningServer;
let door: FrontDoor;
beforeAll(async () => {
  const secrets = { LOCAL_DOOR_KEY: KEY, OPERATOR_KEY };
  server = await startServer({ main: "scripts/start/local-worker.ts", secrets, vars: { LOG_LEVEL: "debug" } });
  door = await openFrontDoor(0, server.url, KEY);
});
afterAll(async () => {
  door?.close();
  await server?.stop();
});

interface Sent {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Unlike fetch, sends all headers as given, including Host. */
async function send(url: string, { path = "/openapi.json", method = "GET", headers = {}, body = "" }: Sent = {}) {
  const { hostname, port } = new URL(url);
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent: false }, resolve);
    sent.on("error", reject);
    sent.end(body);
  });
  return { status: answer.statusCode, headers: answer.headers, text: await text(answer) };
}

const FORGED: readonly Record<string, string>[] = [
  { "MF-Original-URL": "http://localhost:8787/openapi.json" },
  { "mf-original-url": "https://127.0.0.1/openapi.json", "X-Forwarded-Proto": "https" },
  { "MF-Original-URL": "http://localhost/", "MF-Original-Hostname": "localhost" },
  { "X-Forwarded-Host": "localhost", "X-Forwarded-Proto": "http", Forwarded: "host=localhost;proto=http" },
  { "X-Front-Door-Key": "guess", "MF-Original-URL": "http://localhost/" },
];

describe("the proxy of npm start", () => {
  it.each(FORGED)("refuses another host, whatever %o says", async (headers) => {
    for (const method of ["GET", "POST", "DELETE"]) {
      for (const path of ["/openapi.json", "/mcp", "/"]) {
        const { status, text } = await send(door.url, { path, method, headers: { Host: EVIL, ...headers } });
        expect(status).toBe(403);
        expect(text).toContain(`Host \\"${EVIL}\\" is not allowed`);
      }
    }
  });

  it.each(FORGED)("forwards the true request to the Worker, whatever %o says", async (headers) => {
    const { text } = await send(door.url, { path: "/", headers });
    expect(text).toContain(`${door.url}/mcp`);
    expect(text).not.toContain("https://");
    for (const path of ["/metrics", "/api/sessions"]) {
      expect((await send(door.url, { path, headers })).status).toBe(401);
      const asOperator = { ...headers, Authorization: `Bearer ${OPERATOR_KEY}` };
      expect((await send(door.url, { path, headers: asOperator })).status).toBe(200);
    }
  });

  it("refuses a URL in place of a path", async () => {
    const { status } = await send(door.url, { path: "http://localhost/openapi.json", headers: { Host: EVIL } });
    expect(status).toBe(400);
  });

  it("forwards MCP methods, bodies and headers, both ways", async () => {
    const message = {
      jsonrpc: "2.0",
      id: 1,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "test", version: "1" } },
    };
    const headers = { "Content-Type": "application/json", Accept: "application/json, text/event-stream" };
    const answer = await send(door.url, { path: "/mcp", method: "POST", headers, body: JSON.stringify(message) });
    expect(answer.status).toBe(200);
    const session = String(answer.headers["mcp-session-id"]);
    expect(session).toMatch(/^sess_/);
    const { status } = await send(door.url, { path: "/mcp", method: "DELETE", headers: { "Mcp-Session-Id": session } });
    expect(status).toBe(204);
  });

  it("is the only entry: wrangler's own port refuses every request, and its explorer is off", async () => {
    for (const headers of [{}, { Host: EVIL }, ...FORGED]) {
      const around = await send(server.url, { headers });
      expect(around.status).toBe(403);
      expect(around.text).toContain("This port is internal");
    }
    for (const url of [door.url, server.url]) {
      for (const path of ["/cdn-cgi/explorer", "/cdn-cgi/explorer/api/", "/cdn-cgi/local/explorer/"]) {
        const { status, text } = await send(url, { path });
        expect(status).toBe(url === door.url ? 404 : 403);
        expect(text).not.toContain("<html");
      }
    }
  });

  it("keeps the keys out of the log, the answers and the arguments of every process", async () => {
    await send(door.url, { path: "/metrics", headers: { Authorization: `Bearer ${OPERATOR_KEY}` } });
    const processes = execFileSync("ps", ["-A", "-o", "args="], { encoding: "utf8" });
    const answers = await Promise.all(["/", "/dashboard", "/metrics"].map((path) => send(door.url, { path })));
    for (const key of [KEY, OPERATOR_KEY]) {
      expect(server.output()).not.toContain(key);
      expect(processes).not.toContain(key);
      expect(JSON.stringify(answers)).not.toContain(key);
    }
  });

  it("reports in one line that its port is in use", async () => {
    const port = Number(new URL(door.url).port);
    await expect(openFrontDoor(port, server.url, KEY)).rejects.toThrow(
      new RegExp(`^Address already in use \\(127.0.0.1:${port}\\)[^\\n]*--port$`),
    );
  });
});
