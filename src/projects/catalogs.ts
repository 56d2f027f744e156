import { within } from "../base/time-limit.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import type { Config } from "../settings/config.ts";
import type { CatalogOperation, CatalogQuestion, CatalogReply } from "./catalog-requests.ts";
import { CATALOG_CALL_TIMEOUT_MS } from "./limits.ts";
import type { ProjectCatalog } from "./project-catalog.ts";
import type { ProjectFailure } from "./project-failure.ts";

type CatalogUnavailable = Extract<ProjectFailure, { kind: "catalog_unavailable" }>;

/** The catalogs of known principals. Returns failures as values. */
export class Catalogs {
  readonly #namespace: DurableObjectNamespace<ProjectCatalog>;

  constructor(namespace: DurableObjectNamespace<ProjectCatalog>, { jurisdiction }: Pick<Config, "jurisdiction">) {
    this.#namespace = jurisdiction === null ? namespace : namespace.jurisdiction(jurisdiction);
  }

  /** Has the catalog of `principal` execute an operation, if there is one, and then answer a question, in one round trip. */
  async ask(
    principal: string,
    operation: CatalogOperation | null,
    question: CatalogQuestion,
  ): Promise<Result<CatalogReply, CatalogUnavailable>> {
    try {
      const id = this.#namespace.idFromName(`principal:${principal}`);
      return ok(await within(CATALOG_CALL_TIMEOUT_MS, this.#namespace.get(id).ask(operation, question)));
    } catch {
      return fail({ kind: "catalog_unavailable" });
    }
  }
}
