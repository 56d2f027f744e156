import { DurableObject } from "cloudflare:workers";
import { Catalog } from "./catalog.ts";
import type { CatalogOperation, CatalogQuestion, CatalogReply } from "./catalog-requests.ts";

/**
 * The catalog of one known principal. Anonymous callers have one catalog per session instead, in the session's object.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as CATALOG.
 * export { ProjectCatalog } from "mcp-session-context";
 * ```
 */
export class ProjectCatalog extends DurableObject {
  readonly #catalog = new Catalog(this.ctx.storage);

  /** @internal */
  ask(operation: CatalogOperation | null, question: CatalogQuestion): CatalogReply {
    return this.#catalog.ask(operation, question);
  }
}
