import { DurableObject } from "cloudflare:workers";
import { parseConfig } from "../config.ts";
import { TOMBSTONE_MS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import { createLogger } from "../log.ts";
import { Registry } from "../registry/registry.ts";
import { isDeleted, type LiveSession, lastUsedAt, type Principal, type SessionContext } from "./session-context.ts";
import { encodeSessionId } from "./session-id.ts";
import { type Found, type QuotaExceeded, SessionLife } from "./session-life.ts";

/** What a set brings along. The last three count only if a context begins. */
export interface SetRequest {
  readonly workingDirectory: string;
  readonly client: string | null;
  readonly idleTimeoutMs: number;
  readonly shard: number;
  /** How many contexts a known principal may have; 0 for no limit. */
  readonly maxSessions: number;
}

type Refusal = Extract<Failure, { kind: "session_unknown" | "session_deleted" | "session_unavailable" }>;

/** One session, as the Worker calls it: who may do what, and what an access answers. Knows no protocol. */
export class SessionObject extends DurableObject<Env> {
  readonly #sessionId: string;
  readonly #life: SessionLife;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const config = parseConfig(env);
    this.#sessionId = encodeSessionId(ctx.id.toString());
    const registry = new Registry(env.REGISTRY, config);
    this.#life = new SessionLife(this.#sessionId, ctx.storage, registry, createLogger(config.logLevel));
  }

  /** Sets the working directory, beginning a context if there is none. */
  async set(
    principal: Principal,
    request: SetRequest,
  ): Promise<Result<{ created: boolean; context: SessionContext }, Refusal | QuotaExceeded>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live, stored } = found.value;
    const { workingDirectory, client, ...begin } = request;
    const update = { workingDirectory, configPath: null, projectId: null, client, setAt: now };
    if (live === null) {
      const begun = await this.#life.begin({ owner: principal, ...update, ...begin }, stored);
      if (!begun.ok) return begun;
      const { session, deadline } = begun.value;
      return ok({ created: true, context: this.#view(session, deadline, deadline, now) });
    }
    const session: LiveSession = { ...live.session, ...update };
    const deadline = await this.#life.touch(session, live.deadline, now, { record: true });
    // Whoever joins a context that is being registered must find it counted too, or refused with it.
    const refused = session.registration === undefined ? null : await this.#life.register(session, request.maxSessions);
    if (refused !== null) return fail(refused);
    return ok({ created: false, context: this.#view(session, live.deadline, deadline, now) });
  }

  /** The context, or null if there is none. An access: it moves the deadline. */
  async get(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    if (live === null) return ok(null);
    const deadline = await this.#life.touch(live.session, live.deadline, now);
    this.#life.debug("session_touched");
    return ok(this.#view(live.session, live.deadline, deadline, now));
  }

  /**
   * The context, or null, without touching it: for listings, and for requests that only ask whether `principal` may use
   * this session.
   */
  async peek(principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live } = found.value;
    return ok(live && this.#view(live.session, live.deadline, live.deadline, now));
  }

  /** Whether the context that began at `openedAt` is still live. For the registry's audit; touches nothing. */
  async holds(openedAt: number): Promise<boolean> {
    const { live } = await this.#life.read();
    return live?.session.openedAt === openedAt;
  }

  /** Forgets the context; the id stays usable. `ended` tells whether there was one. */
  async end(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { live } = found.value;
    if (live === null) return ok({ ended: false });
    await this.#life.close(live.session, "session_ended", null);
    return ok({ ended: true });
  }

  /** Ends the session for good: for 24 hours it answers as deleted. */
  async delete(principal: Principal): Promise<Result<{ ended: boolean }, Refusal>> {
    const found = await this.#find(principal);
    if (!found.ok) return found;
    const { now, live, stored } = found.value;
    const deletedUntil = now + TOMBSTONE_MS;
    if (stored?.state === "live" || stored?.state === "closing") {
      await this.#life.close({ ...stored, owner: principal }, "session_deleted", deletedUntil);
    } else {
      await this.#life.markDeleted(principal, deletedUntil);
    }
    return ok({ ended: live !== null });
  }

  override alarm(): Promise<void> {
    return this.#life.onAlarm();
  }

  /** What is stored, if `principal` may know of it. */
  async #find(principal: Principal): Promise<Result<Found, Refusal>> {
    const found = await this.#life.read();
    const { now, live, stored } = found;
    const deleted = isDeleted(stored, now);
    if (stored !== undefined && stored.owner !== principal && (live !== null || deleted)) {
      return fail({ kind: "session_unknown", sessionId: this.#sessionId });
    }
    return deleted ? fail({ kind: "session_deleted", sessionId: this.#sessionId }) : ok(found);
  }

  #view(session: LiveSession, previousDeadline: number, deadline: number, now: number): SessionContext {
    const { workingDirectory, configPath, projectId, client, setAt, idleTimeoutMs } = session;
    return {
      sessionId: this.#sessionId,
      workingDirectory,
      configPath,
      projectId,
      client,
      setAt,
      lastUsed: lastUsedAt(previousDeadline, idleTimeoutMs, now),
      expiresAt: deadline,
    };
  }
}
