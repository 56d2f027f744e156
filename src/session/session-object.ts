import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { configOf } from "../config.ts";
import { TOMBSTONE_MS } from "../constants.ts";
import { fail, ok, type Result } from "../failure.ts";
import { createLogger } from "../log.ts";
import { Catalogs } from "../projects/catalogs.ts";
import { Registry } from "../registry/registry.ts";
import { Answers } from "./answers.ts";
import { SessionAccess } from "./session-access.ts";
import { SessionCatalog } from "./session-catalog.ts";
import { endReasonOf, type Principal, type SessionContext } from "./session-context.ts";
import { encodeSessionId } from "./session-id.ts";
import { SessionLife } from "./session-life.ts";
import { SessionRecord } from "./session-record.ts";
import type { NoContext, Refusal } from "./session-requests.ts";
import { SessionState } from "./session-state.ts";

/**
 * One session, as the Worker calls it: who may do what, and what an access answers. Knows no protocol.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as SESSIONS.
 * export { SessionObject } from "mcp-session-context";
 * ```
 */
export class SessionObject extends DurableObject<SessionBindings> {
  readonly #sessionId: string;
  readonly #life: SessionLife;
  readonly #access: SessionAccess;
  readonly #answers = new Answers();

  constructor(ctx: DurableObjectState, env: SessionBindings) {
    super(ctx, env);
    const config = configOf(env);
    const sessionId = encodeSessionId(ctx.id.toString());
    this.#sessionId = sessionId;
    const catalog = new SessionCatalog(ctx.storage, new Catalogs(env.CATALOG, config));
    const registry = new Registry(env.REGISTRY, config);
    const record = new SessionRecord(ctx.storage, () => catalog.forgetTables());
    this.#life = new SessionLife(sessionId, record, registry, createLogger(config.logLevel));
    this.#access = new SessionAccess(sessionId, this.#life, catalog, new SessionState(ctx.storage));
  }

  /** @internal {@link SessionAccess.set} */
  set(...args: Parameters<SessionAccess["set"]>) {
    return this.#access.set(...args);
  }

  /** @internal {@link SessionAccess.get} */
  get(...args: Parameters<SessionAccess["get"]>) {
    return this.#access.get(...args);
  }

  /** @internal {@link SessionAccess.project} */
  project(...args: Parameters<SessionAccess["project"]>) {
    return this.#access.project(...args);
  }

  /** @internal {@link SessionAccess.state} */
  state(...args: Parameters<SessionAccess["state"]>) {
    return this.#access.state(...args);
  }

  /**
   * The context, or null, without touching it: for listings, and for requests that only ask whether `principal` may use
   * this session.
   * @internal
   */
  async peek(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#access.find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    return ok(live && this.#access.view(live, live.deadline, now));
  }

  /**
   * What the client has answered to a request that a running call sent it; null if nothing has come for a while, and the
   * call has to ask again if it still wants to know. Needs no context and touches none.
   */
  async takeAnswer(principal: Principal, requestId: string): Promise<Result<string | null, Refusal>> {
    const found = await this.#access.find(principal);
    return found.ok ? ok(await this.#answers.take(principal, requestId)) : found;
  }

  /** Passes the client's answer on to the call that waits for it. */
  async giveAnswer(principal: Principal, requestId: string, answer: string): Promise<Result<null, Refusal>> {
    const found = await this.#access.find(principal);
    if (!found.ok) return found;
    this.#answers.give(principal, requestId, answer);
    return ok(null);
  }

  /**
   * Whether the context that began at `openedAt` is still live. For the registry's audit; touches nothing.
   * @internal
   */
  async holds(openedAt: number): Promise<boolean> {
    const { live } = await this.#life.read();
    return live?.session.openedAt === openedAt;
  }

  /** @internal Forgets the context; the id stays usable. `ended` tells whether there was one. */
  async end(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#access.find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null) return ok({ ended: false });
    await this.#life.close(live.session, "ended", null);
    return ok({ ended: true });
  }

  /** @internal The context, whoever owns it, without touching it: for pages of an operator. Callers of tools must not get here. */
  async peekAsOperator(): Promise<SessionContext | null> {
    const { now, live } = await this.#life.read();
    return live && this.#access.view(live, live.deadline, now);
  }

  /** @internal Forgets the context, whoever owns it. The owner finds it as if they had ended it themselves; the id stays usable. */
  async endAsOperator(): Promise<{ ended: boolean }> {
    const { live } = await this.#life.read();
    if (live === null) return { ended: false };
    await this.#life.close(live.session, "ended", null);
    return { ended: true };
  }

  /**
   * Ends the session for good: for 24 hours it answers as deleted.
   * @param mayStore Whether that may be kept where nothing is stored; else it is refused there.
   * @internal
   */
  async delete(principal: Principal, mayStore = true): Promise<Result<{ ended: boolean }, Refusal | NoContext>> {
    const found = await this.#access.find(principal);
    if (!found.ok) return found;
    if (found.value.stored === undefined && !mayStore) return fail({ kind: "no_context", sessionId: this.#sessionId });
    // What stays for a day is a tombstone, not what the session kept.
    this.#access.clear();
    const { now, live, stored } = found.value;
    const deletedUntil = now + TOMBSTONE_MS;
    if (stored?.state === "live" || stored?.state === "closing") {
      const reason = live === null ? endReasonOf(stored) : "deleted";
      await this.#life.close({ ...stored, owner: principal }, reason, deletedUntil);
    } else {
      await this.#life.markDeleted(principal, deletedUntil);
    }
    return ok({ ended: live !== null });
  }

  override alarm(): Promise<void> {
    return this.#life.onAlarm();
  }
}
