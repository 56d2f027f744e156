import { fail, ok, type Result } from "../model/failure.ts";
import { isShared, type Principal } from "../model/principal.ts";
import { decodeSessionId, encodeSessionId } from "../model/session-id.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { ProjectFailure } from "../projects/project-failure.ts";
import { type Region, shardOf } from "../registry/shard-of.ts";
import type { Config } from "../settings/config.ts";
import type { Change } from "./changes.ts";
import { OBJECT_CALL_TRIES, OBJECT_RETRY_WAIT_MS } from "./limits.ts";
import type { SessionContext } from "./session-context.ts";
import type { SessionObject } from "./session-object.ts";
import type {
  BeginRequest,
  NoContext,
  OutcomeUnknown,
  ProjectReply,
  Refusal,
  SessionUnavailable,
  SessionUnknown,
  SetReply,
  SetRequest,
  StateReply,
} from "./session-requests.ts";
import type { QuotaExceeded } from "./session-row.ts";
import type { StateFailure, StateOperation } from "./state-store.ts";

/** A session ID that has been checked, and the ID of its object. */
export interface SessionRef {
  readonly sessionId: string;
  readonly objectId: DurableObjectId;
  /** Whether the `Mcp-Session-Id` header names it. After a DELETE the header is refused, and an argument is not. */
  readonly byHeader?: boolean;
}

/** The Worker's access to sessions: mints and checks session IDs; every other method is one call to the session's object. */
export class Sessions {
  readonly #namespace: DurableObjectNamespace<SessionObject>;
  readonly #config: Pick<Config, "idleTimeoutMs" | "maxAgeMs" | "registryShards" | "maxSessionsPerPrincipal">;

  constructor(
    namespace: DurableObjectNamespace<SessionObject>,
    config: Pick<Config, "idleTimeoutMs" | "maxAgeMs" | "registryShards" | "maxSessionsPerPrincipal" | "jurisdiction">,
  ) {
    this.#namespace = config.jurisdiction === null ? namespace : namespace.jurisdiction(config.jurisdiction);
    this.#config = config;
  }

  /** A new session. Wakes no object and stores nothing. */
  mint(): SessionRef {
    const objectId = this.#namespace.newUniqueId();
    return { sessionId: encodeSessionId(objectId.toString()), objectId };
  }

  /** The session that a service names with an ID of its own. Never the session of another service or of a minted ID. */
  named(service: string, sessionId: string): SessionRef {
    const objectId = this.#namespace.idFromName(JSON.stringify([service, sessionId]));
    return {
      objectId,
      // Computed only if needed: a service uses its own ID for the session.
      get sessionId() {
        return encodeSessionId(objectId.toString());
      },
    };
  }

  /**
   * Checks an ID from a caller without waking an object. Any ID that was not minted here is unknown.
   * @param byHeader Whether the `Mcp-Session-Id` header presents it.
   */
  parse(sessionId: string, byHeader = false): Result<SessionRef, SessionUnknown> {
    const hex = decodeSessionId(sessionId);
    if (hex !== null) {
      try {
        return { ok: true, value: { sessionId, objectId: this.#namespace.idFromString(hex), byHeader } };
      } catch {
        // The platform's checksum is wrong: invented, mistyped, or from another namespace.
      }
    }
    return fail({ kind: "session_unknown", sessionId });
  }

  /** Sets the working directory, which must be normalised; begins a context if there is none, registered near `region`. */
  set(
    session: SessionRef,
    principal: Principal,
    request: Pick<SetRequest, "workingDirectory" | "config" | "client" | "region">,
  ): Promise<Result<SetReply, Refusal | QuotaExceeded | OutcomeUnknown>> {
    const { region, client, ...set } = request;
    const begin = this.#beginRequest(session, principal, region, client);
    return this.#change(session, (object, change) =>
      object.set(principal, { ...set, ...begin }, change, session.byHeader),
    );
  }

  /**
   * Reads or changes the session's state. A `set` begins a context if there is none and `mayBegin` is true, registered near `region`.
   */
  state(
    session: SessionRef,
    principal: Principal,
    operation: StateOperation,
    { region, client, mayBegin }: { region: Region | null; client: string | null; mayBegin: boolean },
  ): Promise<Result<StateReply, Refusal | NoContext | QuotaExceeded | OutcomeUnknown | StateFailure>> {
    const begin = mayBegin ? this.#beginRequest(session, principal, region, client) : null;
    if (operation.kind === "get" || operation.kind === "list") {
      return this.#read(session, (object) => object.state(principal, operation, begin, undefined, session.byHeader));
    }
    return this.#change(session, (object, change) =>
      object.state(principal, operation, begin, change, session.byHeader),
    );
  }

  /** The context, or null. Counts as an access. */
  get(session: SessionRef, principal: Principal): Promise<Result<SessionContext | null, Refusal | ProjectFailure>> {
    return this.#read(session, (object) => object.get(principal, session.byHeader));
  }

  /** Queries or changes the catalog of projects, and updates the session's project. Counts as an access. */
  project(
    session: SessionRef,
    principal: Principal,
    explicit: string | null,
    operation: CatalogOperation | null,
  ): Promise<Result<ProjectReply, Refusal | NoContext | OutcomeUnknown | ProjectFailure>> {
    if (operation === null || operation.kind === "list") {
      return this.#read(session, (object) =>
        object.project(principal, explicit, operation, undefined, session.byHeader),
      );
    }
    return this.#change(session, (object, change) =>
      object.project(principal, explicit, operation, change, session.byHeader),
    );
  }

  /** The context, or null; a failure if `principal` may not use the session. Not an access. */
  peek(session: SessionRef, principal: Principal): Promise<Result<SessionContext | null, Refusal>> {
    return this.#read(session, (object) => object.peek(principal, session.byHeader));
  }

  /** Waits a while for the client's answer to a request that a running call sent it; null: ask again. */
  takeAnswer(session: SessionRef, principal: Principal, requestId: string): Promise<Result<string | null, Refusal>> {
    return this.#read(session, (object) => object.takeAnswer(principal, requestId));
  }

  /** Passes the client's answer on to the call that waits for it. */
  giveAnswer(
    session: SessionRef,
    principal: Principal,
    requestId: string,
    answer: string,
  ): Promise<Result<null, Refusal>> {
    return this.#read(session, (object) => object.giveAnswer(principal, requestId, answer));
  }

  /** Ends the context; the ID stays usable. */
  end(session: SessionRef, principal: Principal): Promise<Result<{ ended: boolean }, Refusal | OutcomeUnknown>> {
    return this.#change(session, (object, change) => object.end(principal, change, session.byHeader));
  }

  /** Ends the session that the header names; fails with `no_context` if nothing is stored yet and `mayStore` is false. */
  delete(
    session: SessionRef,
    principal: Principal,
    mayStore = true,
  ): Promise<Result<{ ended: boolean }, Refusal | NoContext | OutcomeUnknown>> {
    return this.#change(session, (object, change) => object.delete(principal, change, mayStore));
  }

  /** The context of any owner, or null. Not an access. Only for callers with the `admin` scope. */
  peekAsOperator(session: SessionRef): Promise<Result<SessionContext | null, SessionUnavailable>> {
    return this.#read(session, async (object) => ok(await object.peekAsOperator()));
  }

  /** Ends the context of any owner. Only for callers with the `admin` scope. */
  endAsOperator(session: SessionRef): Promise<Result<{ ended: boolean }, SessionUnavailable | OutcomeUnknown>> {
    return this.#change(session, (object, change) => object.endAsOperator(change));
  }

  #beginRequest(
    { sessionId }: SessionRef,
    principal: Principal,
    region: Region | null,
    client: string | null,
  ): BeginRequest {
    const { idleTimeoutMs, maxAgeMs, registryShards, maxSessionsPerPrincipal } = this.#config;
    const shared = isShared(principal);
    // A shared principal's contexts register near their clients; a known principal's all in one shard, so that it can list them.
    const shard = shared ? shardOf(sessionId, region, registryShards) : shardOf(principal, null, registryShards);
    const maxSessions = shared ? 0 : maxSessionsPerPrincipal;
    return { client, idleTimeoutMs, maxAgeMs, shard, registrySize: registryShards, region, maxSessions };
  }

  /** A call that is safe to repeat. */
  #read<T, F>(session: SessionRef, call: Call<T, F>): Promise<Result<T, F | SessionUnavailable>> {
    return this.#call(session, () => call, { kind: "session_unavailable", sessionId: session.sessionId });
  }

  /** A call that must take effect at most once: its ID lets the object recognise a repetition. */
  #change<T, F>(
    session: SessionRef,
    call: (object: DurableObjectStub<SessionObject>, change: Change) => Promise<Result<T, F>>,
  ): Promise<Result<T, F | SessionUnavailable | OutcomeUnknown>> {
    const id = crypto.randomUUID();
    return this.#call<T, F, SessionUnavailable | OutcomeUnknown>(
      session,
      (repeated) => (object) => call(object, { id, repeated }),
      { kind: "outcome_unknown", sessionId: session.sessionId },
    );
  }

  /**
   * Calls the object. Retries with a new stub if the platform reports a broken connection or object, but not on overload. A broken
   * call may have been carried out; only an overload on the first attempt means that it certainly was not.
   */
  async #call<T, F, B extends SessionUnavailable | OutcomeUnknown>(
    session: SessionRef,
    attemptOf: (repeated: boolean) => Call<T, F>,
    broken: B,
  ): Promise<Result<T, F | B | SessionUnavailable>> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await attemptOf(attempt > 1)(this.#namespace.get(session.objectId));
      } catch (error) {
        const { retryable, overloaded, durableObjectReset } = error as PlatformError;
        // None of the platform's flags: the object itself threw, which is a bug.
        if (!retryable && !overloaded && !durableObjectReset) throw error;
        if (overloaded && attempt === 1) return fail({ kind: "session_unavailable", sessionId: session.sessionId });
        if (overloaded || attempt === OBJECT_CALL_TRIES) return fail(broken);
        await scheduler.wait(OBJECT_RETRY_WAIT_MS * attempt * (0.5 + Math.random()));
      }
    }
  }
}

type Call<T, F> = (object: DurableObjectStub<SessionObject>) => Promise<Result<T, F>>;

/** The platform's flags on the error of a failed call to an object. */
interface PlatformError {
  readonly retryable?: boolean;
  readonly overloaded?: boolean;
  readonly durableObjectReset?: boolean;
}
