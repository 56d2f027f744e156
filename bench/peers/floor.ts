/** The least that can answer: JSON in, one call to a Durable Object, JSON out. No protocol, no expiry, no checks. */
import { DurableObject } from "cloudflare:workers";

interface PeerEnv {
  readonly FLOOR: DurableObjectNamespace<FloorObject>;
}

export class FloorObject extends DurableObject {
  set(directory: string): void {
    this.ctx.storage.kv.put("directory", directory);
  }

  get(): string | null {
    return this.ctx.storage.kv.get<string>("directory") ?? null;
  }
}

export default {
  async fetch(request: Request, { FLOOR }: PeerEnv): Promise<Response> {
    const { session, directory } = (await request.json()) as { session?: string; directory?: string };
    const id = session === undefined ? FLOOR.newUniqueId() : FLOOR.idFromString(session);
    const stub = FLOOR.get(id);
    if (directory === undefined) return Response.json({ session: id.toString(), directory: await stub.get() });
    await stub.set(directory);
    return Response.json({ session: id.toString(), directory });
  },
};
