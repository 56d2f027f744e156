import { ok, type Result } from "../model/failure.ts";
import type { Principal } from "../model/principal.ts";
import type { Refusal } from "../session/session-requests.ts";
import type { SessionRef, Sessions } from "../session/sessions.ts";
import type { ToolFailure } from "./tool-failure.ts";

/** A session that a header names, checked without waking its object; or why there is none. */
export type NamedSession = Result<SessionRef, Refusal>;

type Use<T> = (session: SessionRef) => Promise<Result<T, ToolFailure>>;

/**
 * The session that one message targets: the tool's `session_id` argument, else the session of the header (legacy era), else none.
 * Remembers what its object said about access, so that one tool call makes at most one call to a session object.
 */
export class TargetSession {
  readonly #sessions: Sessions;
  readonly #principal: Principal;
  readonly #header: NamedSession | null;
  readonly #onThrow: (error: unknown) => unknown;
  /** Settles when the first call to a session object has ended; null if none was made. */
  #asked: Promise<unknown> | null = null;
  #refusal: Refusal | null = null;
  #sessionId: string | null;
  #threw = false;

  /** @param onThrow Converts an error thrown by a session object into the one that tools see. */
  constructor(
    sessions: Sessions,
    principal: Principal,
    header: NamedSession | null,
    onThrow: (error: unknown) => unknown,
  ) {
    this.#sessions = sessions;
    this.#principal = principal;
    this.#header = header;
    this.#onThrow = onThrow;
    this.#sessionId = header?.ok ? header.value.sessionId : null;
  }

  /** The ID of the last session used, else the header's. For the log. */
  get sessionId(): string | null {
    return this.#sessionId;
  }

  /** Whether a session object threw. If so, a tool error of an author's server counts as our internal error. */
  get threw(): boolean {
    return this.#threw;
  }

  /** Whether a call with this `session_id` argument targets a session. */
  isNamed(sessionId: string | undefined): boolean {
    return sessionId !== undefined || this.#header !== null;
  }

  /** Calls `use` with the target session, or with a new one if there is no target. */
  async use<T>(sessionId: string | undefined, use: Use<T>): Promise<Result<T, ToolFailure>> {
    const header = this.#header;
    if (header !== null && (sessionId === undefined || (header.ok && sessionId === header.value.sessionId))) {
      return this.#useHeader(header, use);
    }
    const target = sessionId === undefined ? ok(this.#sessions.mint()) : this.#sessions.parse(sessionId);
    return target.ok ? this.#call(target.value, use) : target;
  }

  /** Passes the client's answer to the running call of the header's session that waits for it. */
  async giveAnswer(requestId: string, text: string): Promise<void> {
    if (this.#header === null) return;
    await this.#useHeader(this.#header, (session) =>
      this.#sessions.giveAnswer(session, this.#principal, requestId, text),
    );
  }

  /** Waits for the client's answer to a request that was sent to it, for a limited time. Null without a usable header. */
  get awaitAnswer(): ((requestId: string) => Promise<Result<string | null>>) | null {
    const header = this.#header;
    if (!header?.ok) return null;
    return (requestId) => this.#sessions.takeAnswer(header.value, this.#principal, requestId);
  }

  /** Why the header's session must not be used, or null. Asks its object only if no session object has been called yet. */
  async refusal(): Promise<Refusal | null> {
    const header = this.#header;
    if (header !== null && this.#asked === null) {
      await this.#useHeader(header, (session) => this.#sessions.peek(session, this.#principal));
    }
    await this.#asked;
    return this.#refusal;
  }

  async #useHeader<T>(header: NamedSession, use: Use<T>): Promise<Result<T, ToolFailure>> {
    const result = header.ok ? await this.#call(header.value, use) : header;
    if (!result.ok && isRefusal(result.failure)) this.#refusal = result.failure;
    return result;
  }

  /** An object that throws is a bug. The original error must not reach an author's server, which would send its text to the client. */
  async #call<T>(session: SessionRef, use: Use<T>): Promise<Result<T, ToolFailure>> {
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

/** Only failures about the session itself reject the whole HTTP request. */
const isRefusal = (failure: ToolFailure): failure is Refusal =>
  failure.kind === "session_unknown" || failure.kind === "session_deleted" || failure.kind === "session_unavailable";
