/** Another Worker that uses our sessions over a service binding: JSON in, one call to the RPC entrypoint, JSON out. */
import type { SessionEntrypoint } from "../../src/rpc/session-entrypoint.ts";

interface PeerEnv {
  readonly CONTEXTS: Service<SessionEntrypoint>;
}

export default {
  async fetch(request: Request, { CONTEXTS }: PeerEnv): Promise<Response> {
    const {
      session,
      directory,
      operation,
      times = 1,
    } = (await request.json()) as {
      session?: string;
      directory?: string;
      operation?: "count" | "end";
      /** Number of consecutive gets; the last result is returned. */
      times?: number;
    };
    if (operation === "count") return answer(await CONTEXTS.getSessionCount());
    if (operation === "end") return answer(await CONTEXTS.endSession(session ?? ""));
    const id = session ?? crypto.randomUUID();
    for (let n = 1; n < times; n++) await CONTEXTS.getWorkingDirectory(id);
    const reply =
      directory === undefined
        ? await CONTEXTS.getWorkingDirectory(id)
        : await CONTEXTS.setWorkingDirectory(id, directory);
    if (!reply.ok) return answer(reply);
    return Response.json({
      session: id,
      directory: typeof reply.value === "string" ? reply.value : (directory ?? null),
    });
  },
};

const answer = (reply: { ok: true; value: unknown } | { ok: false }): Response =>
  reply.ok ? Response.json(reply.value) : Response.json(reply, { status: 500 });
