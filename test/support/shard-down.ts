import { vi } from "vitest";
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import { registryShard } from "./objects.ts";

const METHODS = ["count", "list", "report", "register", "unregister", "usage", "layout", "announce"] as const;

/** Makes every call to these registry shards fail, until `vi.restoreAllMocks()`. */
export function shardDown(...shards: number[]): void {
  const down = shards.map((shard) => String(registryShard(shard).id));
  for (const method of METHODS) {
    const original = SessionRegistry.prototype[method] as (...args: unknown[]) => unknown;
    vi.spyOn(SessionRegistry.prototype, method).mockImplementation(function (
      this: SessionRegistry,
      ...args: unknown[]
    ) {
      const { id } = (this as unknown as { ctx: DurableObjectState }).ctx;
      if (down.includes(String(id))) throw new Error("shard is down");
      return original.apply(this, args) as never;
    });
  }
}
