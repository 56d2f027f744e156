/**
 * The states in which a session may be found after operations that partly went unanswered because the server was killed.
 * Pure: every time is passed in, in milliseconds of one monotonic clock.
 */

/** State of a session when named by argument: its directory, or null for no context. */
export type State = `/${string}` | null;

/** A whole context, as `get_session_context` returns it. */
export interface Seen {
  readonly state: State;
  /** Name of the client that set the directory, and when; null where there is no context. */
  readonly client: string | null;
  readonly setAt: number | null;
}

/** `lost`: an acknowledged write is missing. `half-written`: a mixture, or a value never written. `undead`: read after its end. */
export type Verdict = "kept" | "lost" | "half-written" | "undead";

/** One write, or a read, which stands for the write of the value that it found. */
export interface Operation {
  readonly sessionId: string;
  readonly state: State;
  readonly client: string | null;
  readonly startedAt: number;
  /** When it was over. Without an answer this is certain only when the server that received it is gone. */
  endedAt: number;
  acknowledged: boolean;
}

/** Client and server share a clock, but the server's has whole milliseconds and stands still while it computes. */
const CLOCK_SLACK_MS = 50;

export class Ledger {
  /** By session: the operations whose result may still be found. */
  readonly #open = new Map<string, Operation[]>();
  /** By session and directory: all writes so far. */
  readonly #writes = new Map<string, Operation>();
  #acknowledged = 0;
  #unacknowledged = 0;

  /** All sessions so far, in the order in which they were added. */
  get sessionIds(): string[] {
    return [...this.#open.keys()];
  }

  /** Numbers of answered operations, reads included, and of unanswered ones. */
  get totals(): { readonly acknowledged: number; readonly unacknowledged: number } {
    return { acknowledged: this.#acknowledged, unacknowledged: this.#unacknowledged };
  }

  /** Adds a session that was minted and never used. */
  add(sessionId: string, now: number): void {
    const unused = { sessionId, state: null, client: null, startedAt: now, endedAt: now, acknowledged: true };
    this.#open.set(sessionId, [unused]);
  }

  /** Records a write before it is sent. Each needs a new directory, and `client` is the name stored with it. */
  begin(sessionId: string, state: State, client: string | null, now: number): Operation {
    const operation = {
      sessionId,
      state,
      client,
      startedAt: now,
      endedAt: Number.POSITIVE_INFINITY,
      acknowledged: false,
    };
    this.#of(sessionId).push(operation);
    if (state !== null) this.#writes.set(`${sessionId} ${state}`, operation);
    return operation;
  }

  acknowledge(operation: Operation, now: number): void {
    operation.acknowledged = true;
    operation.endedAt = now;
    this.#acknowledged++;
  }

  /** No answer came: the write may have happened, or may yet happen while this server lives. */
  leaveOpen(): void {
    this.#unacknowledged++;
  }

  /** The answer says that nothing was written. */
  withdraw(operation: Operation): void {
    const operations = this.#of(operation.sessionId);
    this.#open.set(
      operation.sessionId,
      operations.filter((other) => other !== operation),
    );
  }

  /** The server has been killed: each unanswered operation has happened by now, or never will. */
  serverIsGone(now: number): void {
    for (const operations of this.#open.values()) {
      for (const operation of operations) if (operation.endedAt > now) operation.endedAt = now;
    }
  }

  /** The last deadline has passed: no context may be found any more. */
  allHaveExpired(now: number): void {
    for (const sessionId of this.sessionIds) {
      const expired = { sessionId, state: null, client: null, startedAt: now, endedAt: now, acknowledged: true };
      this.#open.set(sessionId, [expired]);
    }
  }

  /** The states that a read starting at `now` may find. */
  mayBeFound(sessionId: string, now: number): State[] {
    return this.#candidates(sessionId, now).map(({ state }) => state);
  }

  /**
   * Judges the result of a read sent at `startedAt` and answered at `now`. This also settles earlier operations: an unanswered
   * write that this read did not find will not be found later.
   */
  judge(sessionId: string, seen: Seen, startedAt: number, now: number): Verdict {
    const candidates = this.#candidates(sessionId, startedAt);
    const { state, client } = seen;
    this.#open.set(sessionId, [
      ...candidates,
      { sessionId, state, client, startedAt, endedAt: now, acknowledged: true },
    ]);
    this.#acknowledged++;
    if (state !== null && !this.#isWhole(sessionId, seen)) return "half-written";
    if (candidates.some((candidate) => candidate.state === state)) return "kept";
    return candidates.every((candidate) => candidate.state === null) ? "undead" : "lost";
  }

  /** All operations except those that were over before a later one began which was acknowledged before `now`. */
  #candidates(sessionId: string, now: number): Operation[] {
    const operations = this.#of(sessionId);
    const settledSince = Math.max(
      ...operations
        .filter(({ acknowledged, endedAt }) => acknowledged && endedAt < now)
        .map(({ startedAt }) => startedAt),
    );
    return operations.filter(({ endedAt }) => endedAt >= settledSince);
  }

  #isWhole(sessionId: string, { state, client, setAt }: Seen): boolean {
    const write = this.#writes.get(`${sessionId} ${state}`);
    return (
      write !== undefined &&
      client === write.client &&
      setAt !== null &&
      setAt >= write.startedAt - CLOCK_SLACK_MS &&
      setAt <= write.endedAt + CLOCK_SLACK_MS
    );
  }

  #of(sessionId: string): Operation[] {
    const operations = this.#open.get(sessionId);
    if (operations === undefined) throw new Error(`Session ${sessionId} was never added`);
    return operations;
  }
}
