import { type Failure, fail, ok, type Result } from "../model/failure.ts";
import { ANONYMOUS } from "../model/principal.ts";
import type { CatalogOperation } from "../projects/catalog-requests.ts";
import type { Catalogs } from "../projects/catalogs.ts";
import type { RegistryClient, SessionCount } from "../registry/registry-client.ts";
import type { SessionContext } from "../session/session-context.ts";
import { NO_PROJECT, questionOf } from "../session/session-project.ts";
import type { ProjectReply, Refusal, SetReply, SetRequest, StateReply } from "../session/session-requests.ts";
import type { SessionRef, Sessions } from "../session/sessions.ts";
import type { StateOperation } from "../session/state-store.ts";
import type { Caller } from "./caller.ts";
import { RATE_LIMIT_PERIOD_SECONDS } from "./limits.ts";
import { type OwnSessions, ownSessions } from "./own-sessions.ts";
import type { ToolFailure } from "./tool-failure.ts";

/** The Durable Objects behind a call. */
export interface Stores {
  readonly sessions: Sessions;
  readonly registry: RegistryClient;
  readonly catalogs: Catalogs;
}

/** The session that a call means, if any, and its context, if it has one. */
type FoundSession = { sessionId: string | null; context: SessionContext | null };
type StateOfSession = StateReply & { sessionId: string | null };
type SessionEnd = { sessionId: string | null; ended: boolean };
type SessionAndProject = ProjectReply & { sessionId: string | null };

/** A session that a header names, checked without waking its object: or why there is none. */
export type NamedSession = Result<SessionRef, Refusal>;

type Use<T> = (session: SessionRef) => Promise<Result<T, ToolFailure>>;

/** What a call of a tool counts as if the server itself failed: a bug, or an object that threw. */
export const INTERNAL_ERROR = "internal_error";

/**
 * One message as its tool sees it: who calls, and which session it means – the tool's `session_id` argument, else the session of
 * the header (legacy era), else none. One tool call makes at most one call to a session object, and that same call decides
 * whether the session may be used.
 */
export class SessionCall {
  readonly caller: Caller;
  readonly #stores: Stores;
  readonly #header: NamedSession | null;
  readonly #chargeWrite: () => Promise<boolean>;
  readonly #onThrow: (error: unknown) => unknown;
  /** Settles when an object has been asked about a session; null: none was. */
  #asked: Promise<unknown> | null = null;
  #refusal: Refusal | null = null;
  #sessionId: string | null;
  #rateLimited = false;
  #threw = false;
  #outcome: string | null = null;

  /**
   * `chargeWrite` is asked before anything may be stored; false means that the caller has to wait. `onThrow` makes what tools see of
   * an error that a session's object threw.
   */
  constructor(
    caller: Caller,
    stores: Stores,
    header: NamedSession | null,
    chargeWrite: () => Promise<boolean> = async () => true,
    onThrow: (error: unknown) => unknown = (error) => error,
  ) {
    this.caller = caller;
    this.#stores = stores;
    this.#header = header;
    this.#chargeWrite = chargeWrite;
    this.#onThrow = onThrow;
    this.#sessionId = header?.ok ? header.value.sessionId : null;
  }

  /** The session that was worked on last, for the log. */
  get sessionId(): string | null {
    return this.#sessionId;
  }

  /** Whether something was not stored because the caller stores too much. */
  get rateLimited(): boolean {
    return this.#rateLimited;
  }

  /** Whether an object threw: a tool error of another author's server is our own then. */
  get threw(): boolean {
    return this.#threw;
  }

  /** How a tool of this server ended: `ok`, the kind of the failure, or {@link INTERNAL_ERROR}. Null where only the answer says so. */
  get outcome(): string | null {
    return this.#outcome;
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
  get(sessionId: string | undefined): Promise<Result<FoundSession, ToolFailure>> {
    return this.#onExisting<FoundSession>(sessionId, { sessionId: null, context: null }, async (session) => {
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

  /** The id of the session meant, for tools that show it and need no more. Is no access to it. */
  async named(sessionId: string | undefined): Promise<Result<string | null, ToolFailure>> {
    if (sessionId === undefined) return ok(this.#sessionId);
    return this.#on(sessionId, async (session) => {
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

  /** Notes how the tool ended: {@link outcome}. */
  ended(outcome: string): void {
    this.#outcome = outcome;
  }

  /** Passes an answer of the client on to the call of the header's session that waits for it. */
  async giveAnswer(requestId: string, text: string): Promise<void> {
    const { principal } = this.caller;
    if (this.#header === null) return;
    await this.#onHeader(this.#header, (session) =>
      this.#stores.sessions.giveAnswer(session, principal, requestId, text),
    );
  }

  /** Waits a while for the client's answer to a request that was sent to it; null where none can come back: no header, no session. */
  get awaitAnswer(): ((requestId: string) => Promise<Result<string | null>>) | null {
    const header = this.#header;
    if (!header?.ok) return null;
    return (requestId) => this.#stores.sessions.takeAnswer(header.value, this.caller.principal, requestId);
  }

  /** Why the header's session must not be used, or null. Asks its object unless an object was asked about a session before. */
  async refusal(): Promise<Refusal | null> {
    const header = this.#header;
    if (header !== null && this.#asked === null) {
      await this.#onHeader(header, (session) => this.#stores.sessions.peek(session, this.caller.principal));
    }
    await this.#asked;
    return this.#refusal;
  }

  async #charge() {
    if (await this.#chargeWrite()) return null;
    this.#rateLimited = true;
    return fail<Failure>({ kind: "rate_limited", retryAfterSeconds: RATE_LIMIT_PERIOD_SECONDS });
  }

  #onExisting<T>(sessionId: string | undefined, without: T, use: Use<T>): Promise<Result<T, ToolFailure>> {
    if (sessionId === undefined && this.#header === null) return Promise.resolve(ok(without));
    return this.#on(sessionId, use);
  }

  /** On the session that the call means; on a new one if it means none. */
  async #on<T>(sessionId: string | undefined, use: Use<T>): Promise<Result<T, ToolFailure>> {
    const header = this.#header;
    if (header !== null && (sessionId === undefined || (header.ok && sessionId === header.value.sessionId))) {
      return this.#onHeader(header, use);
    }
    const { sessions } = this.#stores;
    const meant = sessionId === undefined ? ok(sessions.mint()) : sessions.parse(sessionId);
    return meant.ok ? this.#ask(meant.value, use) : meant;
  }

  async #onHeader<T>(header: NamedSession, use: Use<T>): Promise<Result<T, ToolFailure>> {
    const result = header.ok ? await this.#ask(header.value, use) : header;
    if (!result.ok && isRefusal(result.failure)) this.#refusal = result.failure;
    return result;
  }

  /** An object that throws is a bug. An author's server would hand the text of the error to the client. */
  async #ask<T>(session: SessionRef, use: Use<T>): Promise<Result<T, ToolFailure>> {
    this.#sessionId = session.sessionId;
    const asked = use(session);
    this.#asked ??= asked.catch(() => {});
    try {
      return await asked;
    } catch (error) {
      this.#threw = true;
      throw this.#onThrow(error);
    }
  }
}

/** Only what is about the session itself is a reason to turn a request away. */
const isRefusal = (failure: ToolFailure): failure is Refusal =>
  failure.kind === "session_unknown" || failure.kind === "session_deleted" || failure.kind === "session_unavailable";
