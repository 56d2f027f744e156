import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { configOf } from "../config.ts";
import { fail, ok, type Result } from "../failure.ts";
import { createLogger } from "../log.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import { Catalogs } from "../projects/catalogs.ts";
import { Registry } from "../registry/registry.ts";
import { Answers } from "./answers.ts";
import { type Change, Changes } from "./changes.ts";
import { SessionAccess } from "./session-access.ts";
import { SessionCatalog } from "./session-catalog.ts";
import type { Principal, SessionContext } from "./session-context.ts";
import { encodeSessionId } from "./session-id.ts";
import { SessionLife } from "./session-life.ts";
import { SessionRecord } from "./session-record.ts";
import type { BeginRequest, NoContext, OutcomeUnknown, Refusal, SetRequest } from "./session-requests.ts";
import { SessionRow } from "./session-row.ts";
import { SessionState, type StateOperation } from "./session-state.ts";
import { SetDirectory } from "./set-directory.ts";

/**
 * One session, as the Worker calls it: who may do what, and what an access answers. Knows no protocol.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as SESSIONS.
 * export { SessionObject } from "mcp-session-context";
 * ```
 */
export class SessionObject extends DurableObject<SessionBindings> {
  readonly #life: SessionLife;
  readonly #access: SessionAccess;
  readonly #directory: SetDirectory;
  readonly #answers = new Answers();
  readonly #changes = new Changes();
  readonly #sessionId: string;

  constructor(ctx: DurableObjectState, env: SessionBindings) {
    super(ctx, env);
    const config = configOf(env);
    const sessionId = encodeSessionId(ctx.id.toString());
    this.#sessionId = sessionId;
    const catalog = new SessionCatalog(ctx.storage, new Catalogs(env.CATALOG, config));
    const registry = new Registry(env.REGISTRY, config);
    const record = new SessionRecord(ctx.storage, () => catalog.forgetTables());
    const log = createLogger(config.logLevel);
    const row = new SessionRow(sessionId, record, registry, log);
    this.#life = new SessionLife(sessionId, record, row, log);
    this.#access = new SessionAccess(sessionId, this.#life, row, catalog, new SessionState(ctx.storage));
    this.#directory = new SetDirectory(this.#access, this.#life, row, catalog);
  }

  /** @internal {@link SetDirectory.set} */
  set(principal: Principal, request: SetRequest, change?: Change) {
    return this.#changes.once(change, () => this.#directory.set(principal, request));
  }

  /** @internal {@link SessionAccess.get} */
  get(...args: Parameters<SessionAccess["get"]>) {
    return this.#access.get(...args);
  }

  /** @internal {@link SessionAccess.project} */
  project(principal: Principal, explicit: string | null, operation: CatalogOperation | null, change?: Change) {
    return this.#changes.once(change, () => this.#access.project(principal, explicit, operation));
  }

  /** @internal {@link SessionAccess.state} */
  state(principal: Principal, operation: StateOperation, begin: BeginRequest | null, change?: Change) {
    return this.#changes.once(change, (uncertain) => this.#access.state(principal, operation, begin, uncertain));
  }

  /**
   * The context, or null, without touching it: for listings, and for requests that only ask whether `principal` may use
   * this session.
   * @internal
   */
  peek(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    return this.#access.visit(principal, ({ now, live }) => ok(live && this.#access.view(live, live, now)));
  }

  /**
   * What the client has answered to a request that a running call sent it; null if nothing has come for a while, and the
   * call has to ask again if it still wants to know. Needs no context and touches none.
   */
  takeAnswer(principal: Principal, requestId: string): Promise<Result<string | null, Refusal>> {
    return this.#access.visit(principal, async () => ok(await this.#answers.take(principal, requestId)));
  }

  /** Passes the client's answer on to the call that waits for it. */
  giveAnswer(principal: Principal, requestId: string, answer: string): Promise<Result<null, Refusal>> {
    return this.#access.visit(principal, () => {
      this.#answers.give(principal, requestId, answer);
      return ok(null);
    });
  }

  /**
   * Whether the context that began at `openedAt` is still live. For the registry's audit; touches nothing.
   * @internal
   */
  holds(openedAt: number): Promise<boolean> {
    return this.#life.visit(({ live }) => live?.session.openedAt === openedAt);
  }

  /** @internal Forgets the context; the id stays usable. `ended` tells whether there was one. */
  end(principal: Principal, change?: Change): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.#changes.once(change, (uncertain) => this.#access.end(principal, uncertain));
  }

  /** @internal The context, whoever owns it, without touching it: for pages of an operator. Callers of tools must not get here. */
  peekAsOperator(): Promise<SessionContext | null> {
    return this.#life.visit(({ now, live }) => live && this.#access.view(live, live, now));
  }

  /** @internal Forgets the context, whoever owns it. The owner finds it as if they had ended it themselves; the id stays usable. */
  endAsOperator(change?: Change): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.#changes.once(change, async (uncertain) => {
      const owner = await this.#life.visit(({ stored, live }) => (live && stored ? stored.owner : null));
      if (owner === null)
        return uncertain ? fail({ kind: "outcome_unknown", sessionId: this.#sessionId }) : ok({ ended: false });
      return this.#access.end(owner, uncertain);
    });
  }

  /**
   * Ends the session for good: for 24 hours it answers as deleted.
   * @param mayStore Whether that may be kept where nothing is stored; else it is refused there with `no_context`.
   * @internal
   */
  delete(
    principal: Principal,
    change?: Change,
    mayStore = true,
  ): Promise<Result<{ ended: boolean }, Refusal | NoContext>> {
    return this.#changes.once(change, async (uncertain) => {
      const deleted = await this.#access.delete(principal, mayStore);
      // Found deleted, perhaps by this very call: what it wants is the case either way.
      const done = uncertain && !deleted.ok && deleted.failure.kind === "session_deleted";
      return done ? ok({ ended: false }) : deleted;
    });
  }

  override alarm(): Promise<void> {
    return this.#life.onAlarm();
  }
}
