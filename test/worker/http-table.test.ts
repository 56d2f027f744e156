/** Requests of clients, proxies and people to the HTTP surface, row by row, with the expected answers. */
import { describe, expect, it } from "vitest";
import { acceptedBy } from "../../src/http/edge/accept.ts";
import { initialize, legacy, legacyTool, modern, post, request, send } from "../support/mcp.ts";

const HOST = { host: "localhost" };
const PING = request("ping");
const BIG = "9007199254740993";
const raw = (method: string, params: string, id = "1") =>
  `{"jsonrpc":"2.0","id":${id},"method":"${method}","params":${params}}`;

describe("Accept", () => {
  it.each([
    [null, true, true],
    ["", true, true],
    ["*/*", true, true],
    ["application/*", true, false],
    ["text/*", false, true],
    ["application/json", true, false],
    ["text/event-stream", false, true],
    ["APPLICATION/JSON, Text/Event-Stream", true, true],
    ["application/json;q=0.9, text/event-stream ; q=0.1", true, true],
    ["application/json; charset=utf-8", true, false],
    ["*/*;q=0.1, application/json;q=0", false, true],
    ["application/*;q=0, application/json", true, false],
    ["text/html, */*;Q=0.8", true, true],
    ["*/*;q=0", false, false],
    ["application/json;q=0.0", false, false],
    ["text/html,application/xml", false, false],
    ["application/jsonp", false, false],
  ])("%j allows JSON: %j, event streams: %j", async (accept, json, stream) => {
    expect(acceptedBy(accept)).toEqual({ json, stream });
    for (const message of [PING, request("tools/call", { name: "get_session_count", arguments: {} }), [PING]]) {
      const response = await send("/mcp", {
        method: "POST",
        headers: { ...HOST, "content-type": "application/json", ...(accept !== null && { accept }) },
        body: JSON.stringify(message),
      });
      const text = await response.text();
      if (!json && !stream) {
        expect(response.status).toBe(406);
        continue;
      }
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(json ? "application/json" : "text/event-stream");
      const data = json ? text : /^event: message\ndata: (.*)\n\n$/.exec(text)?.[1];
      expect([JSON.parse(String(data))].flat()[0]).toMatchObject({ id: 7, result: {} });
    }
  });

  it("may have any value that allows an answer, in the modern era too", async () => {
    expect((await modern("tools/list", {}, { accept: "*/*" })).status).toBe(200);
    expect((await modern("server/discover", {}, { accept: "application/json" })).status).toBe(200);
  });
});

describe("a message", () => {
  it.each([
    ["gzip", 415],
    ["br", 415],
    ["identity, gzip", 415],
    ["identity", 200],
    ["Identity", 200],
    ["", 200],
  ])("with Content-Encoding %j is answered with %i", async (encoding, status) => {
    const answer = await post(PING, { "content-encoding": encoding });
    expect(answer.status).toBe(status);
    if (status === 200) return;
    expect(answer.body.error?.message).toContain(`Content-Encoding "${encoding}" is not read here`);
    expect(answer.headers.get("accept-encoding")).toBe("identity");
  });

  it.each([
    ["tools/list", '{"cursor":null}', "params.cursor"],
    ["tools/list", '{"cursor":5}', "params.cursor"],
    ["initialize", '{"protocolVersion":"2025-11-25","capabilities":{}}', "params.clientInfo"],
    ["initialize", '{"protocolVersion":"2025-11-25","clientInfo":{"name":"a","version":"1"}}', "params.capabilities"],
    ["initialize", '{"capabilities":{},"clientInfo":{"name":"a","version":"1"}}', "params.protocolVersion"],
    [
      "initialize",
      '{"protocolVersion":"2025-11-25","capabilities":{},"clientInfo":{"name":"a"}}',
      "clientInfo.version",
    ],
    ["tools/call", "{}", "name"],
    ["tools/call", '{"name":5}', "name"],
    ["tools/call", '{"name":"get_session_count","arguments":null}', "arguments"],
  ])("%s with params %s is answered with -32602 and the place of the error", async (method, params, where) => {
    for (const headers of [{}, { "mcp-protocol-version": "2025-03-26" }]) {
      const answer = await post(raw(method, params), headers);
      expect(answer).toMatchObject({ status: 200, body: { id: 1, error: { code: -32602 } } });
      expect(answer.body.error?.message).toContain(where);
    }
  });

  it("of the modern era or in a batch gets the same answer", async () => {
    expect((await modern("tools/list", { cursor: null })).body.error?.code).toBe(-32602);
    const batch = await post(`[${raw("tools/list", '{"cursor":null}')}]`);
    expect(batch.body).toMatchObject([{ id: 1, error: { code: -32602 } }]);
  });

  it.each([
    ["id", raw("ping", "{}", BIG)],
    ["id", raw("ping", "{}", `-${BIG}`)],
    ["id", raw("ping", "{}", "1e400")],
    ["id", raw("tools/call", '{"name":"get_session_count"}', BIG)],
    ["id", `[${raw("ping", "{}")},${raw("ping", "{}", BIG)}]`],
    ["params._meta.progressToken", raw("ping", `{"_meta":{"progressToken":${BIG}}}`)],
    ["params.requestId", `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${BIG}}}`],
    [
      "params.progressToken",
      `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${BIG},"progress":1}}`,
    ],
  ])("whose %s is beyond 2^53 is refused with id null and the reason: %s", async (member, message) => {
    const answer = await post(message);
    expect(answer).toMatchObject({ status: 400, body: { id: null, error: { code: -32600 } } });
    expect(answer.body.error?.message).toContain(`${member} must be text, or a number up to 2^53`);
  });

  it("may have the largest exact id", async () => {
    expect((await post(raw("ping", "{}", "9007199254740991"))).body.id).toBe(9007199254740991);
  });
});

describe("a header that was sent twice", () => {
  it("with equal values counts once", async () => {
    const session = await initialize();
    await legacyTool("set_working_directory", { directory: "/a" }, session);
    const twice = (value: string) => `${value}, ${value}`;
    const answer = await post(request("tools/call", { name: "get_working_directory", arguments: {} }), {
      "mcp-session-id": twice(session),
      "mcp-protocol-version": twice("2025-11-25"),
      "content-type": twice("application/json"),
    });
    expect(answer.body.result?.structuredContent).toMatchObject({ session_id: session, working_directory: "/a" });
    const called = await modern(
      "tools/call",
      { name: "get_session_count", arguments: {} },
      {
        "mcp-protocol-version": twice("2026-07-28"),
        "mcp-method": twice("tools/call"),
        "mcp-name": twice("get_session_count"),
      },
    );
    expect(called.body.result?.isError).not.toBe(true);
    const gone = await send("/mcp", { method: "DELETE", headers: { ...HOST, "mcp-session-id": twice(session) } });
    expect(gone.status).toBe(204);
  });

  it("with different values is not a session", async () => {
    const [a, b] = [await initialize(), await initialize()];
    expect((await legacy("ping", {}, `${a}, ${b}`)).status).toBe(404);
  });
});

describe("a path", () => {
  it("with a trailing slash is the same route", async () => {
    const init = {
      method: "POST",
      headers: { ...HOST, "content-type": "application/json" },
      body: JSON.stringify(PING),
    };
    const answer = await send("/mcp/", init);
    expect(await answer.json()).toMatchObject({ id: 7, result: {} });
    expect(answer.headers.get("cache-control")).toBe("no-store");
    for (const path of ["/healthz/", "/api/", "/openapi.json/"]) {
      expect((await send(path, { headers: HOST })).status, path).toBe(200);
    }
    expect((await send("/api/sessions/", { headers: HOST })).status).toBe(403);
  });

  it.each([
    ["OPTIONS", "/mcp", 204, "POST, DELETE, OPTIONS"],
    ["OPTIONS", "/mcp/", 204, "POST, DELETE, OPTIONS"],
    ["OPTIONS", "/healthz", 204, "GET, HEAD, OPTIONS"],
    ["OPTIONS", "/api/sessions", 204, "GET, HEAD, OPTIONS"],
    ["OPTIONS", "/api/sessions/x", 204, "DELETE, OPTIONS"],
    ["OPTIONS", "/no/route", 404, null],
    ["GET", "/mcp", 405, "POST, DELETE, OPTIONS"],
    ["HEAD", "/mcp", 405, "POST, DELETE, OPTIONS"],
    ["PUT", "/mcp", 405, "POST, DELETE, OPTIONS"],
    ["HEAD", "/", 200, null],
    ["HEAD", "/healthz", 200, null],
    ["HEAD", "/readyz", 200, null],
    ["HEAD", "/openapi.json", 200, null],
    ["HEAD", "/api", 200, null],
    ["POST", "/", 405, "GET, HEAD, OPTIONS"],
    ["POST", "/healthz", 405, "GET, HEAD, OPTIONS"],
    ["DELETE", "/readyz", 405, "GET, HEAD, OPTIONS"],
    ["PUT", "/dashboard", 405, "GET, HEAD, OPTIONS"],
    ["PATCH", "/api", 405, "GET, HEAD, OPTIONS"],
    ["POST", "/.well-known/oauth-protected-resource/mcp", 405, "GET, HEAD, OPTIONS"],
    ["GET", "/.well-known/oauth-protected-resource/mcp", 404, null],
    ["GET", "/assets/none", 404, null],
    ["POST", "/no/route", 404, null],
  ])("%s %s is answered with %i and Allow %j", async (method, path, status, allow) => {
    const response = await send(path, { method, headers: HOST });
    expect(response.status).toBe(status);
    expect(response.headers.get("allow")).toBe(allow);
    if (method === "HEAD") expect(await response.text()).toBe("");
  });

  it("with DELETE in the modern era is answered with 405, without DELETE in Allow", async () => {
    const headers = { ...HOST, "mcp-protocol-version": "2026-07-28" };
    const response = await send("/mcp", { method: "DELETE", headers });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "POST, OPTIONS"]);
  });

  it("/api lists every route of the API", async () => {
    const index = await (await send("/api", { headers: HOST })).json<{ openapi: string; routes: { path: string }[] }>();
    const document = await (await send(index.openapi, { headers: HOST })).json<{ paths: object }>();
    expect(new Set(index.routes.map(({ path }) => path))).toEqual(new Set(Object.keys(document.paths)));
    expect(index.routes).toContainEqual({
      method: "GET",
      path: "/api/sessions/count",
      summary: "How many sessions are active",
    });
  });

  it("below /api is closed, whether it exists or not", async () => {
    for (const path of ["/api/sessions", "/api/sessions/count", "/api/none", "/api/none/x", "/api/sessions/x/y"]) {
      expect((await send(path, { headers: HOST })).status, path).toBe(403);
    }
  });
});

it("A preflight allows the headers that tracing adds", async () => {
  const answer = await send("/mcp", {
    method: "OPTIONS",
    headers: {
      ...HOST,
      origin: "http://localhost:6274",
      "access-control-request-method": "POST",
      "access-control-request-headers": "traceparent, tracestate, baggage",
    },
  });
  const allowed = answer.headers.get("access-control-allow-headers")?.split(", ");
  expect(allowed).toEqual(expect.arrayContaining(["traceparent", "tracestate", "baggage"]));
});
