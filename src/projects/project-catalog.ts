import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { Catalog, type CatalogOperation, type CatalogQuestion, type CatalogReply } from "./catalog.ts";

/** The catalog of one known principal. Anonymous callers have one in each session's own object instead. */
export class ProjectCatalog extends DurableObject<SessionBindings> {
  readonly #catalog = new Catalog(this.ctx.storage);

  ask(operation: CatalogOperation | null, question: CatalogQuestion): CatalogReply {
    return this.#catalog.ask(operation, question);
  }
}
