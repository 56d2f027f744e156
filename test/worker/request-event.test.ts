import { afterEach, describe, expect, it, vi } from "vitest";
import { AS_OPERATOR, message, OPERATOR_KEY, post, startApp } from "../support/apps.ts";

afterEach(() => vi.restoreAllMocks());

const TRACE = "0af7651916cd43dd8448eb211c80319c";

function linesOf(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  vi.spyOn(console, "log").mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  return lines;
}

describe("a request's event", () => {
  it("names the trace that the message belongs to", async () => {
    const lines = linesOf();
    const send = startApp({ LOG_LEVEL: "info" });
    const ping = message("legacy", "ping", { _meta: { traceparent: `00-${TRACE}-b7ad6b7169203331-01` } });
    expect((await send(post(ping))).status).toBe(200);
    expect(lines.at(-1)).toMatchObject({ event: "request", trace_id: TRACE, parent_id: "b7ad6b7169203331" });
    await send(post(message("legacy", "ping")));
    expect(lines.at(-1)).not.toHaveProperty("trace_id");
  });

  it("is a data point where a dataset is bound, without anything that a caller could make up", async () => {
    const points: AnalyticsEngineDataPoint[] = [];
    const REQUEST_EVENTS = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point ?? {}) };
    const send = startApp({}, { REQUEST_EVENTS } as Partial<Env>);
    await send(post(message("legacy", "tools/call", { name: "get_working_directory", arguments: {} })));
    await send(post(message("legacy", "tools/call", { name: "/home/me", arguments: {} })));
    expect(points.map(({ indexes, blobs }) => ({ indexes, blobs }))).toEqual([
      { indexes: ["get_working_directory"], blobs: ["/mcp", "legacy", "tools/call", "get_working_directory", "ok"] },
      { indexes: ["other"], blobs: ["/mcp", "legacy", "tools/call", "other", "ok"] },
    ]);
  });

  it("names neither the session that an operator ended nor the operator key", async () => {
    const lines = linesOf();
    const id = `sess_${"B".repeat(43)}`;
    const request = new Request(`http://localhost/api/sessions/${id}`, {
      method: "DELETE",
      headers: { Host: "localhost", ...AS_OPERATOR },
    });
    await startApp({ LOG_LEVEL: "debug", OPERATOR_KEY })(request);
    expect(lines.at(-1)).toMatchObject({ route: "/api/sessions/:id", status: 404 });
    expect(JSON.stringify(lines)).not.toContain(id);
    expect(JSON.stringify(lines)).not.toContain(OPERATOR_KEY);
  });
});
