/** A tool that asks the client something waits for the answer at the session's object, which may go down meanwhile. */
import { type JSONRPCMessage, WebStandardStreamableHTTPServerTransport } from "@modelcontextprotocol/server";
import { afterEach, expect, it, vi } from "vitest";
import { AskingTransport } from "../../src/http/legacy/asking-transport.ts";
import { type Failure, fail, ok, type Result } from "../../src/model/failure.ts";

afterEach(() => vi.restoreAllMocks());

const refused = (kind: "session_unavailable" | "session_deleted") => fail<Failure>({ kind, sessionId: "sess_x" });

/** Asks the client. Returns the answer that the server gets, and how often the session was polled. */
async function heard(answers: readonly Result<string | null>[]) {
  vi.spyOn(WebStandardStreamableHTTPServerTransport.prototype, "send").mockResolvedValue();
  const awaitAnswer = vi.fn();
  for (const answer of answers) awaitAnswer.mockResolvedValueOnce(answer);
  const transport = new AskingTransport(true, 1, awaitAnswer);
  const message = new Promise<JSONRPCMessage>((resolve) => {
    transport.onmessage = resolve;
  });
  await transport.send({ jsonrpc: "2.0", id: 7, method: "elicitation/create" });
  return { message: await message, times: awaitAnswer.mock.calls.length };
}

it("is polled for again while the object restarts", async () => {
  const answer = ok(JSON.stringify({ jsonrpc: "2.0", id: "x", result: { action: "accept" } }));
  const unavailable = refused("session_unavailable");
  expect(await heard([unavailable, ok(null), unavailable, answer])).toEqual({
    message: { jsonrpc: "2.0", id: 7, result: { action: "accept" } },
    times: 4,
  });
});

it("fails if the object stays unreachable or the session is over, with distinct reasons", async () => {
  const unreachable = await heard(Array.from({ length: 20 }, () => refused("session_unavailable")));
  expect(unreachable.message).toMatchObject({ id: 7, error: { message: expect.stringContaining("not be reached") } });
  expect(unreachable.times).toBe(5);
  const over = await heard([refused("session_deleted")]);
  expect(over.message).toMatchObject({ id: 7, error: { message: expect.stringContaining("session ended") } });
  expect(over.times).toBe(1);
});
