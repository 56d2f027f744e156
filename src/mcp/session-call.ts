import { RATE_LIMIT_PERIOD_SECONDS } from "../constants.ts";
import { type Failure, fail, ok, type Result } from "../failure.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { Catalogs } from "../projects/catalogs.ts";
import type { Registry, SessionCount } from "../registry/registry.ts";
import type { HoldRefusal } from "../session/refusal-wait.ts";
import { ANONYMOUS, isShared, type SessionContext } from "../session/session-context.ts";
import { NO_PROJECT, questionOf } from "../session/session-project.ts";
import type { ProjectReply, SetReply, SetRequest, StateReply } from "../session/session-requests.ts";
import type { StateOperation } from "../session/session-state.ts";
import type { SessionRef, Sessions } from "../session/sessions.ts";
import { CallRecord } from "./call-record.ts";
import type { Caller } from "./caller.ts";
import { type OwnSessions, ownSessions } from "./own-sessions.ts";
import type { ToolFailure } from "./tool-failure.ts";

/** The Durable Objects behind a call. */
export interface Stores {
  readonly sessions: Sessions;
  readonly registry: Registry;
  readonly catalogs: Catalogs;
}

/** The session that a call means, if any, and its context, if it has one. */
type SessionState = { sessionId: string | null; context: SessionContext | null };
type StateOfSession = StateReply & { sessionId: string | null };
type SessionEnd = { sessionId: string | null; ended: boolean };
type SessionAndProject = ProjectReply & { sessionId: string | null };

type Use<T> = (session: SessionRef) => Promise<Result<T, ToolFailure>>;

/**
 * One request as its tools see it: who calls, and which session each call means – the tool's `session_id` argument, else
 * the session of the header (legacy era), else none. One tool call makes at most one call to a session object, and that
 * same call decides whether the session may be used. Only where a known principal's header and argument name two sessions,
 * the header's is asked first: were it not, a foreign one there would pass where an unknown one is turned away.
 */
export class SessionCall {
  readonly caller: Caller;
  readonly #stores: Stores;
  readonly #header: SessionRef | null;
  readonly #record: CallRecord;
  readonly #chargeWrite: () => Promise<boolean>;
  readonly #holdRefusal: HoldRefusal;
  readonly #onThrow: (error: unknown) => unknown;

  /**
   * `chargeWrite` is asked before anything may be stored; false means that the caller has to wait. `holdRefusal` is waited for
   * before a tool learns that its argument names no session of the caller; the header's is the route's to refuse. `onThrow`
   * makes what tools see of an error that a session's object threw.
   */
  constructor(
    caller: Caller,
    stores: Stores,
    header: SessionRef | null,
    record = new CallRecord(),
    chargeWrite: () => Promise<boolean> = async () => true,
    holdRefusal: HoldRefusal = async () => {},
    onThrow: (error: unknown) => unknown = (error) => error,
  ) {
    this.caller = caller;
    this.#stores = stores;
    this.#header = header;
    this.#chargeWrite = chargeWrite;
    this.#holdRefusal = holdRefusal;
    this.#onThrow = onThrow;
    this.#record = record;
    record.sessionId = header?.sessionId ?? null;
  }

  /** Sets the working directory; mints a session if the call means none. */
  async set(
    sessionId: string | undefined,
    request: Pick<SetRequest, "workingDirectory" | "config" | "client">,
  ): Promise<Result<SetReply, ToolFailure>> {
    // Every set, not only one that begins a context: which of them does, the object knows, and by then it is awake.
    const refused = await this.#charge();
    if (refused !== null) return refused;
    const { principal, region } = this.caller;
    const { sessions } = this.#stores;
    return this.#on(sessionId, (session) => sessions.set(session, principal, { ...request, region }));
  }

  /** The session meant and its context, or null where there is none. */
  get(sessionId: string | undefined): Promise<Result<SessionState, ToolFailure>> {
    return this.#onExisting<SessionState>(sessionId, { sessionId: null, context: null }, async (session) => {
      const got = await this.#stores.sessions.get(session, this.caller.principal);
      return got.ok ? ok({ sessionId: session.sessionId, context: got.value }) : got;
    });
  }

  /** Reads or changes the state of the session meant; a `set` mints one and begins a context where there is none. */
  state(
    sessionId: string | undefined,
    operation: StateOperation,
    client: string | null = this.caller.userAgent,
  ): Promise<Result<StateOfSession, ToolFailure>> {
    const { principal, region } = this.caller;
    const { sessions } = this.#stores;
    const run = async (session: SessionRef): Promise<Result<StateOfSession, ToolFailure>> => {
      const request = { region, client, mayBegin: false };
      let reply = await sessions.state(session, principal, operation, request);
      // Only a context that begins is charged, and that it would begin only the object knows.
      if (!reply.ok && reply.failure.kind === "no_context") {
        const refused = await this.#charge();
        if (refused !== null) return refused;
        reply = await sessions.state(session, principal, operation, { ...request, mayBegin: true });
      }
      return reply.ok ? ok({ sessionId: session.sessionId, ...reply.value }) : reply;
    };
    if (operation.kind === "set") return this.#on(sessionId, run);
    const nothing = { sessionId: null, created: false, context: null, before: null, entries: [] };
    return this.#onExisting<StateOfSession>(sessionId, nothing, run);
  }

  /** Forgets the context of the session meant. */
  end(sessionId: string | undefined): Promise<Result<SessionEnd, ToolFailure>> {
    return this.#onExisting<SessionEnd>(sessionId, { sessionId: null, ended: false }, async (session) => {
      const ended = await this.#stores.sessions.end(session, this.caller.principal);
      return ended.ok ? ok({ sessionId: session.sessionId, ...ended.value }) : ended;
    });
  }

  /** Asks or changes the caller's catalog, through the session meant; a known principal's also without one. */
  async project(
    sessionId: string | undefined,
    { explicit = null, operation = null }: { explicit?: string | null; operation?: CatalogOperation | null },
  ): Promise<Result<SessionAndProject, ToolFailure>> {
    const { principal } = this.caller;
    if (operation !== null && operation.kind !== "list") {
      const refused = await this.#charge();
      if (refused !== null) return refused;
    }
    if (sessionId === undefined && this.#header === null) {
      if (principal === ANONYMOUS) return fail({ kind: "no_context", sessionId: null });
      const asked = await this.#stores.catalogs.ask(principal, operation, questionOf(NO_PROJECT, null, { explicit }));
      if (!asked.ok) return asked;
      const { outcome, answer } = asked.value;
      return ok({ sessionId: null, context: null, active: answer.active, explicit: answer.explicit, outcome });
    }
    return this.#on(sessionId, async (session) => {
      const reply = await this.#stores.sessions.project(session, principal, explicit, operation);
      return reply.ok ? ok({ sessionId: session.sessionId, ...reply.value }) : reply;
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

  /** Notes how the call in message `id` ended: {@link CallRecord.finished}. */
  finished(id: string | number, outcome: string): void {
    this.#record.finished.set(id, outcome);
  }

  /** Makes sure that it is known whether the header's session may be used, unless the call has asked about another one. */
  async checkHeader(): Promise<void> {
    const header = this.#header;
    if (header === null) return;
    if (this.#record.headerAsked === null) {
      await this.#onHeader(header, (session) => this.#stores.sessions.peek(session, this.caller.principal));
    }
    await this.#record.headerAsked;
  }

  async #charge() {
    if (await this.#chargeWrite()) return null;
    this.#record.rateLimited = true;
    return fail<Failure>({ kind: "rate_limited", retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
  }

  #onExisting<T>(sessionId: string | undefined, without: T, use: Use<T>): Promise<Result<T, ToolFailure>> {
    if (sessionId === undefined && this.#header === null) return Promise.resolve(ok(without));
    return this.#on(sessionId, use);
  }

  /** On the session that the call means; on a new one if it means none. */
  async #on<T>(sessionId: string | undefined, use: Use<T>): Promise<Result<T, ToolFailure>> {
    const header = this.#header;
    if (header !== null && (sessionId === undefined || sessionId === header.sessionId)) {
      return this.#onHeader(header, use);
    }
    if (header !== null && !isShared(this.caller.principal)) {
      await this.checkHeader();
      if (this.#record.headerRefusal !== null) return fail(this.#record.headerRefusal);
    }
    const { sessions } = this.#stores;
    const meant = sessionId === undefined ? ok(sessions.mint()) : sessions.parse(sessionId);
    const result = meant.ok ? await this.#onOther(meant.value, use) : meant;
    if (!result.ok) await this.#holdRefusal(result.failure);
    return result;
  }

  async #onHeader<T>(header: SessionRef, use: Use<T>): Promise<Result<T, ToolFailure>> {
    this.#record.sessionId = header.sessionId;
    const answer = this.#guard(use(header));
    const noted = answer.then(
      (result) => {
        if (!result.ok) this.#record.headerRefusal = refusalOf(result.failure) ?? this.#record.headerRefusal;
      },
      () => {},
    );
    this.#record.headerAsked ??= noted;
    await noted;
    return answer;
  }

  #onOther<T>(session: SessionRef, use: Use<T>): Promise<Result<T, ToolFailure>> {
    this.#record.sessionId = session.sessionId;
    this.#record.headerAsked ??= Promise.resolve();
    return this.#guard(use(session));
  }

  /** An object that throws is a bug. An author's server would hand the text of the error to the client. */
  async #guard<T>(asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      this.#record.threw = true;
      throw this.#onThrow(error);
    }
  }
}

/** Only what is about the session itself is a reason to turn a request away. */
const refusalOf = (failure: ToolFailure): ToolFailure | null =>
  failure.kind === "session_unknown" || failure.kind === "session_deleted" || failure.kind === "session_unavailable"
    ? failure
    : null;
