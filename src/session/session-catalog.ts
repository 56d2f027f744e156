import { ok, type Result } from "../model/failure.ts";
import { isShared, type Principal } from "../model/principal.ts";
import { Catalog } from "../projects/catalog.ts";
import type { CatalogOperation, CatalogQuestion, CatalogReply } from "../projects/catalog-requests.ts";
import type { Catalogs } from "../projects/catalogs.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { PROJECT_RECHECK_MS } from "./limits.ts";
import type { SessionProject } from "./session-project.ts";

/**
 * The catalog in which a session looks up projects. A known principal's catalog is a Durable Object; a shared principal's is in
 * the session's own storage, and is deleted with the context.
 */
export class SessionCatalog {
  readonly #own: Catalog;
  readonly #catalogs: Catalogs;
  /** The newest known version, and when it was requested. Kept in memory only: after eviction the next access asks again. */
  #heard: { readonly principal: Principal; readonly version: number; readonly askedAt: number } | null = null;

  constructor(storage: DurableObjectStorage, catalogs: Catalogs) {
    this.#own = new Catalog(storage);
    this.#catalogs = catalogs;
  }

  /**
   * Whether the session's project may be used without asking the catalog. Exact for its own catalog; a principal's catalog is
   * trusted for a few seconds, so that a burst of accesses asks once.
   */
  isFresh(principal: Principal, { version }: SessionProject, now: number): boolean {
    if (isShared(principal)) return version === this.#own.version();
    const heard = this.#heardFrom(principal);
    return heard !== null && version === heard.version && now - heard.askedAt < PROJECT_RECHECK_MS;
  }

  /** One round trip. For a shared principal no I/O, but its writes must be stored together with a context. */
  async ask(
    principal: Principal,
    operation: CatalogOperation | null,
    question: CatalogQuestion,
  ): Promise<Result<CatalogReply, ProjectFailure>> {
    if (isShared(principal)) return ok(this.askOwn(operation, question));
    const askedAt = Date.now();
    const reply = await this.#catalogs.ask(principal, operation, question);
    // Replies may arrive out of order: ignore an older version.
    const heard = this.#heardFrom(principal);
    const version = reply.ok ? reply.value.answer.version : null;
    if (version === null) this.#heard = null;
    else if (heard === null || version >= heard.version) this.#heard = { principal, version, askedAt };
    return reply;
  }

  /** Queries or changes the catalog in this storage. Its writes must be stored together with a context. */
  askOwn(operation: CatalogOperation | null, question: CatalogQuestion): CatalogReply {
    return this.#own.ask(operation, question);
  }

  /** Versions of different principals' catalogs cannot be compared. */
  #heardFrom(principal: Principal) {
    return this.#heard?.principal === principal ? this.#heard : null;
  }

  /** Deletes the projects in this storage. */
  clear(): void {
    this.#own.clear();
  }

  /** Must be called after the session's storage has been deleted. */
  forgetTables(): void {
    this.#own.forgetTables();
  }
}
