/**
 * What a session may be found as, after operations some of which were never answered because the server was killed.
 * Pure: every time is passed in, in milliseconds of one clock that never goes back.
 */

/** What a session is found as by argument: its directory, or null for no context. */
export type State = `/${string}` | null;

/** A whole context, as `get_session_context` tells it. */
export interface Seen {
  readonly state: State;
  /** Name of the client that set the directory, and when; null where there is no context. */
  readonly client: string | null;
  readonly setAt: number | null;
}

/** `lost`: an acknowledged write is not there. `half-written`: a mixture, or never written as it was read. `undead`: read after its end. */
export type Verdict = "kept" | "lost" | "half-written" | "undead";

/** One write, or a read that stands for the write of what it found. */
export interface Operation {
  readonly sessionId: string;
  readonly state: State;
  readonly client: string | null;
  readonly startedAt: number;
  /** When it was over. Without an answer only the end of the server that it was sent to makes sure of that. */
  endedAt: number;
  acknowledged: boolean;
}

/** The clocks of client and server are one, but the server's shows whole milliseconds and stands still while it computes. */
const CLOCK_SLACK_MS = 50;

export class Ledger {
  /** By session: the operations whose outcome may still be found. */
  readonly #open = new Map<string, Operation[]>();
  /** By session and directory: every write of it ever. */
  readonly #writes = new Map<string, Operation>();
  #acknowledged = 0;
  #unacknowledged = 0;

  /** Sessions known so far, in the order in which they were added. */
  get sessionIds(): string[] {
    return [...this.#open.keys()];
  }

  /** Operations that were answered, reads included, and those that were not. */
  get totals(): { readonly acknowledged: number; readonly unacknowledged: number } {
    return { acknowledged: this.#acknowledged, unacknowledged: this.#unacknowledged };
  }

  /** A session that was minted and never used. */
  add(sessionId: string, now: number): void {
    const unused = { sessionId, state: null, client: null, startedAt: now, endedAt: now, acknowledged: true };
    this.#open.set(sessionId, [unused]);
  }

  /** A write that is about to be sent. A directory must be another one each time, and `client` the name that goes with it. */
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

  /** The answer has not come: the write may have happened, or may yet happen for as long as the server lives. */
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

  /** The server has been killed: what was sent to it and not answered has happened by now, or never will. */
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

  /** What a read that starts at `now` may find. */
  mayBeFound(sessionId: string, now: number): State[] {
    return this.#candidates(sessionId, now).map(({ state }) => state);
  }

  /**
   * Judges what a read found that was sent at `startedAt` and answered at `now`. It settles what came before it: a write
   * without answer that it has not found will not be found later either.
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

  /** Everything but what an acknowledged operation has replaced that began after it was over, and was over before `now`. */
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
