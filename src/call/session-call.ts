import { type Failure, fail, ok, type Result } from "../model/failure.ts";
import { ANONYMOUS } from "../model/principal.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { Catalogs } from "../projects/catalogs.ts";
import type { RegistryClient, SessionCount } from "../registry/registry-client.ts";
import type { SessionContext } from "../session/session-context.ts";
import { NO_PROJECT, questionOf } from "../session/session-project.ts";
import type { ProjectReply, SetReply, SetRequest, StateReply } from "../session/session-requests.ts";
import type { SessionRef, Sessions } from "../session/sessions.ts";
import type { StateOperation } from "../session/state-store.ts";
import type { Caller } from "./caller.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "./limits.ts";
import { type OwnSessions, ownSessions } from "./own-sessions.ts";
import { type NamedSession, TargetSession } from "./target-session.ts";
import type { ToolFailure } from "./tool-failure.ts";

/** The Durable Objects behind a call. */
export interface Stores {
  readonly sessions: Sessions;
  readonly registry: RegistryClient;
  readonly catalogs: Catalogs;
}

/** The ID of the session that was used, or null if the call targets none. */
type OfSession<T> = T & { readonly sessionId: string | null };

/** The outcome of a tool call that failed inside the server: a bug, or an object that threw. */
export const INTERNAL_ERROR = "internal_error";

/** One message as its tool sees it: who calls, the session that it targets, and what can be done there. */
export class SessionCall {
  readonly caller: Caller;
  readonly target: TargetSession;
  readonly #stores: Stores;
  readonly #chargeWrite: () => Promise<boolean>;
  #rateLimited = false;
  #outcome: string | null = null;

  /**
   * @param header The session of the `Mcp-Session-Id` header.
   * @param chargeWrite Called before anything may be stored; false means that the caller has reached the rate limit.
   * @param onThrow Converts an error thrown by a session object into the one that tools see.
   */
  constructor(
    caller: Caller,
    stores: Stores,
    header: NamedSession | null,
    chargeWrite: () => Promise<boolean> = async () => true,
    onThrow: (error: unknown) => unknown = (error) => error,
  ) {
    this.caller = caller;
    this.target = new TargetSession(stores.sessions, caller.principal, header, onThrow);
    this.#stores = stores;
    this.#chargeWrite = chargeWrite;
  }

  /** Whether something was not stored because of the rate limit. */
  get rateLimited(): boolean {
    return this.#rateLimited;
  }

  /** The outcome recorded by {@link ended}: `ok`, the kind of the failure, or {@link INTERNAL_ERROR}. Null if none was recorded. */
  get outcome(): string | null {
    return this.#outcome;
  }

  /** Sets the working directory; creates a session if the call targets none. */
  async set(
    sessionId: string | undefined,
    request: Pick<SetRequest, "workingDirectory" | "config" | "client">,
  ): Promise<Result<SetReply, ToolFailure>> {
    // Every set is charged: only the session object knows whether a context would begin, and asking it already costs a call.
    const refused = await this.#charge();
    if (refused !== null) return refused;
    const { principal, region } = this.caller;
    const { sessions } = this.#stores;
    return this.target.use(sessionId, (session) => sessions.set(session, principal, { ...request, region }));
  }

  /** The target session and its context, or null where there is none. */
  get(sessionId: string | undefined): Promise<Result<OfSession<{ context: SessionContext | null }>, ToolFailure>> {
    return this.#useExisting<{ context: SessionContext | null }>(sessionId, { context: null }, async (session) => {
      const got = await this.#stores.sessions.get(session, this.caller.principal);
      return got.ok ? ok({ context: got.value }) : got;
    });
  }

  /** Reads or changes the state of the target session; a `set` creates the session and begins a context if needed. */
  state(
    sessionId: string | undefined,
    operation: StateOperation,
    client: string | null = this.caller.userAgent,
  ): Promise<Result<OfSession<StateReply>, ToolFailure>> {
    const { principal, region } = this.caller;
    const { sessions } = this.#stores;
    const run = async (session: SessionRef): Promise<Result<StateReply, ToolFailure>> => {
      const request = { region, client, mayBegin: false };
      const reply = await sessions.state(session, principal, operation, request);
      // Only a new context is charged, and only the session object knows that one would begin.
      if (reply.ok || reply.failure.kind !== "no_context") return reply;
      const refused = await this.#charge();
      return refused ?? sessions.state(session, principal, operation, { ...request, mayBegin: true });
    };
    if (operation.kind === "set") return this.target.use(sessionId, withSessionId(run));
    const nothing = { created: false, context: null, before: null, entries: [] };
    return this.#useExisting<StateReply>(sessionId, nothing, run);
  }

  /** Ends the context of the target session. */
  end(sessionId: string | undefined): Promise<Result<OfSession<{ ended: boolean }>, ToolFailure>> {
    return this.#useExisting(sessionId, { ended: false }, (session) =>
      this.#stores.sessions.end(session, this.caller.principal),
    );
  }

  /** Queries or changes the caller's catalog through the target session. A known principal needs no session. */
  async project(
    sessionId: string | undefined,
    { explicit = null, operation = null }: { explicit?: string | null; operation?: CatalogOperation | null },
  ): Promise<Result<OfSession<ProjectReply>, ToolFailure>> {
    const { principal } = this.caller;
    if (operation !== null && operation.kind !== "list") {
      const refused = await this.#charge();
      if (refused !== null) return refused;
    }
    if (!this.target.isNamed(sessionId)) {
      if (principal === ANONYMOUS) return fail({ kind: "no_context", sessionId: null });
      const asked = await this.#stores.catalogs.ask(principal, operation, questionOf(NO_PROJECT, null, { explicit }));
      if (!asked.ok) return asked;
      const { outcome, answer } = asked.value;
      return ok({ sessionId: null, context: null, active: answer.active, explicit: answer.explicit, outcome });
    }
    return this.target.use(
      sessionId,
      withSessionId((session) => this.#stores.sessions.project(session, principal, explicit, operation)),
    );
  }

  /** The ID of the target session, for tools that only show it. Does not count as an access. */
  async named(sessionId: string | undefined): Promise<Result<string | null, ToolFailure>> {
    if (sessionId === undefined) return ok(this.target.sessionId);
    return this.target.use(sessionId, async (session) => {
      const peeked = await this.#stores.sessions.peek(session, this.caller.principal);
      return peeked.ok ? ok(session.sessionId) : peeked;
    });
  }

  /** All live contexts of this server, and how many are the caller's own. */
  count(): Promise<Result<SessionCount, ToolFailure>> {
    return this.#stores.registry.count(this.caller.principal);
  }

  /** How many live contexts are the caller's own. Asks only the shards that can hold them. */
  countOwn(): Promise<Result<number, ToolFailure>> {
    return this.#stores.registry.countOf(this.caller.principal);
  }

  /** A page of the caller's own sessions. */
  list(cursor: string | undefined): Promise<Result<OwnSessions, ToolFailure>> {
    return ownSessions(this.#stores, this.caller.principal, cursor);
  }

  /** Records the {@link outcome} of the tool. */
  ended(outcome: string): void {
    this.#outcome = outcome;
  }

  async #charge() {
    if (await this.#chargeWrite()) return null;
    this.#rateLimited = true;
    return fail<Failure>({ kind: "rate_limited", retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
  }

  /** Calls `use` with the target session; without one, returns `nothing` and creates none. */
  async #useExisting<T extends object>(
    sessionId: string | undefined,
    nothing: T,
    use: (session: SessionRef) => Promise<Result<T, ToolFailure>>,
  ): Promise<Result<OfSession<T>, ToolFailure>> {
    if (!this.target.isNamed(sessionId)) return ok({ sessionId: null, ...nothing });
    return this.target.use(sessionId, withSessionId(use));
  }
}

/** Adds the session's ID to what `use` returns. */
const withSessionId =
  <T extends object>(use: (session: SessionRef) => Promise<Result<T, ToolFailure>>) =>
  async (session: SessionRef): Promise<Result<OfSession<T>, ToolFailure>> => {
    const used = await use(session);
    return used.ok ? ok({ sessionId: session.sessionId, ...used.value }) : used;
  };
