import { DurableObject } from "cloudflare:workers";
import { createLogger } from "../base/log.ts";
import { ok, type Result } from "../model/failure.ts";
import type { Principal } from "../model/principal.ts";
import { encodeSessionId } from "../model/session-id.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import { Catalogs } from "../projects/catalogs.ts";
import type { ProjectCatalog } from "../projects/project-catalog.ts";
import { RegistryClient } from "../registry/registry-client.ts";
import type { SessionRegistry } from "../registry/session-registry.ts";
import { configOf } from "../settings/config.ts";
import { Answers } from "./answers.ts";
import { type Change, Changes } from "./changes.ts";
import { SessionAccess } from "./session-access.ts";
import { SessionCatalog } from "./session-catalog.ts";
import type { SessionContext } from "./session-context.ts";
import { SessionLife } from "./session-life.ts";
import { SessionRecord } from "./session-record.ts";
import type { BeginRequest, NoContext, OutcomeUnknown, Refusal, SetRequest } from "./session-requests.ts";
import { SessionRow } from "./session-row.ts";
import { SetDirectory } from "./set-directory.ts";
import { type StateOperation, StateStore } from "./state-store.ts";

/** The objects that a session calls. */
interface SessionObjectBindings {
  readonly REGISTRY: DurableObjectNamespace<SessionRegistry>;
  readonly CATALOG: DurableObjectNamespace<ProjectCatalog>;
}

/**
 * The Durable Object of one session: the methods that the Worker calls. Independent of MCP, except that `byHeader` says whether the
 * `Mcp-Session-Id` header named the session: after a DELETE the header is refused.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as SESSIONS.
 * export { SessionObject } from "mcp-session-context";
 * ```
 */
export class SessionObject extends DurableObject<SessionObjectBindings> {
  readonly #life: SessionLife;
  readonly #access: SessionAccess;
  readonly #directory: SetDirectory;
  readonly #answers = new Answers();
  readonly #changes = new Changes();

  constructor(ctx: DurableObjectState, env: SessionObjectBindings) {
    super(ctx, env);
    const config = configOf(env);
    const sessionId = encodeSessionId(ctx.id.toString());
    const catalog = new SessionCatalog(ctx.storage, new Catalogs(env.CATALOG, config));
    const registry = new RegistryClient(env.REGISTRY, config);
    const record = new SessionRecord(ctx.storage, () => catalog.forgetTables());
    const log = createLogger(config.logLevel);
    const row = new SessionRow(sessionId, record, registry, log, () => this.#access.clear());
    this.#life = new SessionLife(sessionId, record, row, log);
    this.#access = new SessionAccess(sessionId, this.#life, row, catalog, new StateStore(ctx.storage));
    this.#directory = new SetDirectory(this.#access, this.#life, row, catalog);
  }

  /** @internal {@link SetDirectory.set} */
  set(principal: Principal, request: SetRequest, change?: Change, byHeader = false) {
    return this.#changes.once(change, () => this.#directory.set({ principal, byHeader }, request));
  }

  /** @internal {@link SessionAccess.get} */
  get(principal: Principal, byHeader = false) {
    return this.#access.get({ principal, byHeader });
  }

  /** @internal {@link SessionAccess.project} */
  project(
    principal: Principal,
    explicit: string | null,
    operation: CatalogOperation | null,
    change?: Change,
    byHeader = false,
  ) {
    return this.#changes.once(change, () => this.#access.project({ principal, byHeader }, explicit, operation));
  }

  /** @internal {@link SessionAccess.state} */
  state(
    principal: Principal,
    operation: StateOperation,
    begin: BeginRequest | null,
    change?: Change,
    byHeader = false,
  ) {
    return this.#changes.once(change, (uncertain) =>
      this.#access.state({ principal, byHeader }, operation, begin, uncertain),
    );
  }

  /**
   * The context, or null. Not an access. For listings, and for requests that only check whether `principal` may use this session.
   * @internal
   */
  peek(principal: Principal, byHeader = false): Promise<Result<SessionContext | null, Refusal>> {
    return this.#access.visit({ principal, byHeader }, ({ now, live }) =>
      ok(live && this.#access.view(live, live, now)),
    );
  }

  /**
   * The client's answer to a request that a running call sent it; null after {@link ANSWER_WAIT_MS}, and the call may ask again.
   * Needs no context and is not an access. Only the header's session receives answers.
   */
  takeAnswer(principal: Principal, requestId: string): Promise<Result<string | null, Refusal>> {
    return this.#access.visit({ principal, byHeader: true }, async () =>
      ok(await this.#answers.take(principal, requestId)),
    );
  }

  /** Passes the client's answer to the call that waits for it. */
  giveAnswer(principal: Principal, requestId: string, answer: string): Promise<Result<null, Refusal>> {
    return this.#access.visit({ principal, byHeader: true }, () => {
      this.#answers.give(principal, requestId, answer);
      return ok(null);
    });
  }

  /**
   * Whether the context that began at `openedAt` is still live. For the registry's audit; not an access.
   * @internal
   */
  holds(openedAt: number): Promise<boolean> {
    return this.#life.visit(({ live }) => live?.session.openedAt === openedAt);
  }

  /** @internal Ends the context; the ID stays usable. `ended` says whether there was one. */
  end(
    principal: Principal,
    change?: Change,
    byHeader = false,
  ): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.#changes.once(change, (uncertain) => this.#access.end({ principal, byHeader }, uncertain));
  }

  /** @internal The context of any owner, or null. Not an access. Only for operators: never call it for a tool. */
  peekAsOperator(): Promise<SessionContext | null> {
    return this.#life.visit(({ now, live }) => live && this.#access.view(live, live, now));
  }

  /** @internal Ends the context of any owner; the ID stays usable. */
  endAsOperator(change?: Change): Promise<Result<{ ended: boolean }, OutcomeUnknown>> {
    return this.#changes.once(change, (uncertain) => this.#access.endAsOperator(uncertain));
  }

  /**
   * Ends the session that the header names, and refuses the header for 24 hours.
   * @param mayStore Whether this may be stored if nothing is stored yet; otherwise fails with `no_context`.
   * @internal
   */
  delete(
    principal: Principal,
    change?: Change,
    mayStore = true,
  ): Promise<Result<{ ended: boolean }, Refusal | NoContext>> {
    return this.#changes.once(change, async (uncertain) => {
      const deleted = await this.#access.delete(principal, mayStore);
      // Already deleted, perhaps by the first attempt of this call: success either way.
      const done = uncertain && !deleted.ok && deleted.failure.kind === "session_deleted";
      return done ? ok({ ended: false }) : deleted;
    });
  }

  override alarm(): Promise<void> {
    return this.#life.onAlarm();
  }
}
