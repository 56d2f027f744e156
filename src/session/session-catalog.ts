import { ok, type Result } from "../model/failure.ts";
import { isShared, type Principal } from "../model/principal.ts";
import { Catalog } from "../projects/catalog.ts";
import type { CatalogOperation, CatalogQuestion, CatalogReply } from "../projects/catalog-requests.ts";
import type { Catalogs } from "../projects/catalogs.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { PROJECT_RECHECK_MS } from "./limits.ts";
import type { SessionProject } from "./session-project.ts";

/**
 * The catalog that a session looks projects up in: its principal's, an object of its own; or, for a shared principal,
 * one in the session's own storage, which goes with its context.
 */
export class SessionCatalog {
  readonly #own: Catalog;
  readonly #catalogs: Catalogs;
  /** The newest version heard of, and when it was asked for. In memory only: an evicted object asks once more. */
  #heard: { readonly principal: Principal; readonly version: number; readonly askedAt: number } | null = null;

  constructor(storage: DurableObjectStorage, catalogs: Catalogs) {
    this.#own = new Catalog(storage);
    this.#catalogs = catalogs;
  }

  /**
   * Whether what the session knows may be used without asking. Of its own catalog that is exact; of a principal's it holds
   * for a few seconds, so that a burst of accesses asks once.
   */
  isFresh(principal: Principal, { version }: SessionProject, now: number): boolean {
    if (isShared(principal)) return version === this.#own.version();
    const heard = this.#heardFrom(principal);
    return heard !== null && version === heard.version && now - heard.askedAt < PROJECT_RECHECK_MS;
  }

  /** One round trip. For a shared principal no I/O at all, but writes that need a context to go with. */
  async ask(
    principal: Principal,
    operation: CatalogOperation | null,
    question: CatalogQuestion,
  ): Promise<Result<CatalogReply, ProjectFailure>> {
    if (isShared(principal)) return ok(this.askOwn(operation, question));
    const askedAt = Date.now();
    const reply = await this.#catalogs.ask(principal, operation, question);
    // Answers may arrive out of turn: an older one makes nobody rely on what it says.
    const heard = this.#heardFrom(principal);
    const version = reply.ok ? reply.value.answer.version : null;
    if (version === null) this.#heard = null;
    else if (heard === null || version >= heard.version) this.#heard = { principal, version, askedAt };
    return reply;
  }

  /** The catalog in this storage. What it writes needs a context to go with. */
  askOwn(operation: CatalogOperation | null, question: CatalogQuestion): CatalogReply {
    return this.#own.ask(operation, question);
  }

  /** Versions of two principals' catalogs have nothing to do with each other. */
  #heardFrom(principal: Principal) {
    return this.#heard?.principal === principal ? this.#heard : null;
  }

  /** Forgets the projects of a context that is over. */
  clear(): void {
    this.#own.clear();
  }

  /** The session's storage was emptied. */
  forgetTables(): void {
    this.#own.forgetTables();
  }
}
