/** The least that can answer: JSON in, one call to a Durable Object, JSON out. No protocol, no expiry, no checks. */
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";

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

/** The same over a service binding, as bench/peers/service.ts calls it: what is lost by that hop alone. */
export class FloorEntrypoint extends WorkerEntrypoint<PeerEnv> {
  async getWorkingDirectory(id: string) {
    return { ok: true, value: await this.#object(id).get() };
  }

  async setWorkingDirectory(id: string, directory: string) {
    await this.#object(id).set(directory);
    return { ok: true, value: {} };
  }

  #object(id: string) {
    return this.env.FLOOR.get(this.env.FLOOR.idFromName(id));
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
