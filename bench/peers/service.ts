/** Another Worker that uses our sessions over its service binding: JSON in, one call to the RPC entrypoint, JSON out. */
import type { SessionContextManager } from "../../src/rpc/session-context-manager.ts";

interface PeerEnv {
  readonly CONTEXTS: Service<SessionContextManager>;
}

export default {
  async fetch(request: Request, { CONTEXTS }: PeerEnv): Promise<Response> {
    const { session, directory } = (await request.json()) as { session?: string; directory?: string };
    const id = session ?? crypto.randomUUID();
    const reply =
      directory === undefined
        ? await CONTEXTS.getWorkingDirectory(id)
        : await CONTEXTS.setWorkingDirectory(id, directory);
    if (!reply.ok) return Response.json(reply, { status: 500 });
    const answer = typeof reply.value === "string" || reply.value === null ? reply.value : directory;
    return Response.json({ session: id, directory: answer });
  },
};
