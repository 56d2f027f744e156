/** A person who works with the server while it is killed, with a real client, and records the answers in the ledger. */
import type { Chance } from "../library/chance.ts";
import { type ClientKind, type ConnectedClient, connect, type ToolReply } from "../library/mcp-clients.ts";
import type { Ledger, Operation, Seen, State, Verdict } from "./ledger.ts";

/** State shared by all people. */
export interface Scene {
  readonly ledger: Ledger;
  readonly chance: Chance;
  /** Ids of the sessions in use, without those that were deleted. */
  readonly sessions: string[];
  /** Sessions for which a DELETE was sent, and whether it was answered: from then on the header must be refused. */
  readonly deleted: Map<string, "sent" | "answered">;
  readonly found: (verdict: Verdict, what: string) => void;
  /** Reports an answer that no kill explains. */
  readonly failed: (what: string) => void;
  /** Called when a write is over: acknowledged, refused, or failed, which is also a problem. */
  readonly answered: () => void;
  nextDirectory: number;
  /** Operations sent and not answered yet. */
  underWay: number;
}

/** One life of the server. */
export interface Life {
  readonly url: string;
  /** True from the moment SIGKILL is sent: later failures are due to it. */
  killed: boolean;
}

/** One monotonic clock for all, with fractions of a millisecond. */
export const now = (): number => performance.timeOrigin + performance.now();

const HEADER_REFUSED = /Session not found|Failed to terminate session: Not Found/;

export class Person {
  readonly #name: string;
  readonly #kind: ClientKind;
  readonly #scene: Scene;
  readonly #life: Life;
  readonly #client: ConnectedClient;

  private constructor(name: string, kind: ClientKind, scene: Scene, life: Life, client: ConnectedClient) {
    this.#name = name;
    this.#kind = kind;
    this.#scene = scene;
    this.#life = life;
    this.#client = client;
  }

  static async arrive(number: number, kind: ClientKind, scene: Scene, life: Life): Promise<Person> {
    const name = `person-${number}`;
    return new Person(name, kind, scene, life, await connect(kind, life.url, { name }));
  }

  leave(): Promise<void> {
    return this.#client.close();
  }

  /** Runs random operations on any of the sessions, one after the other, until the server is gone. */
  async work(): Promise<void> {
    const { chance, sessions } = this.#scene;
    while (!this.#life.killed) {
      const sessionId = chance.pick(sessions);
      const move = chance.next();
      if (move < 0.5) await this.set(sessionId);
      else if (move < 0.85) await this.look(sessionId);
      else if (move < 0.98) await this.end(sessionId);
      else if (sessions.length > 1) await this.#delete(sessionId);
    }
  }

  /** Ends, begins and changes contexts concurrently until the server is gone, so that many registry calls are under way. */
  async churn(share: readonly string[]): Promise<void> {
    await Promise.all(
      share.map(async (sessionId) => {
        while (!this.#life.killed) {
          await this.end(sessionId);
          await this.set(sessionId);
          await this.set(sessionId);
        }
      }),
    );
  }

  /** Opens a new session, which has an id and no context. */
  async open(): Promise<void> {
    const { ledger, sessions } = this.#scene;
    const newcomer = await connect("legacy", this.#life.url);
    const sessionId = newcomer.sessionId();
    await newcomer.close();
    if (sessionId === undefined) throw new Error("initialize gave no session");
    ledger.add(sessionId, now());
    sessions.push(sessionId);
  }

  async set(sessionId: string): Promise<void> {
    const directory = `/chaos/${this.#scene.nextDirectory++}` as const;
    await this.#write(sessionId, directory, "set_working_directory", { directory });
  }

  async end(sessionId: string): Promise<void> {
    await this.#write(sessionId, null, "end_session", {});
  }

  /**
   * Reads the whole context by argument and lets the ledger judge it. Returns the state found, or undefined without an answer.
   * After a DELETE the header must also be refused.
   */
  async look(sessionId: string): Promise<State | undefined> {
    const startedAt = now();
    const tool = "get_session_context";
    try {
      const reply = await this.#underWay(this.#client.call(tool, { session_id: sessionId }));
      const state = this.#judge(sessionId, seenIn(reply), startedAt);
      if (this.#scene.deleted.get(sessionId) === "answered" && this.#kind !== "modern") {
        await this.#underWay(this.#asItsClient(sessionId, (client) => client.call(tool, {})));
        this.#scene.failed(`the header of ${sessionId} is served after its DELETE`);
      }
      return state;
    } catch (error) {
      this.#explain(error, sessionId, null);
      return undefined;
    }
  }

  async #write(sessionId: string, state: State, tool: string, args: Record<string, unknown>): Promise<void> {
    const { ledger, answered } = this.#scene;
    if (this.#life.killed) return;
    const startedAt = now();
    const operation = ledger.begin(sessionId, state, `${this.#name}/1.0.0`, startedAt);
    try {
      const reply = await this.#call(sessionId, tool, args);
      if (reply.isError) throw new Error(reply.text);
      ledger.acknowledge(operation, now());
    } catch (error) {
      this.#explain(error, sessionId, operation);
    }
    answered();
  }

  /** `DELETE /mcp`, which only legacy clients send. */
  async #delete(sessionId: string): Promise<void> {
    if (this.#kind === "modern") return;
    const { ledger, deleted } = this.#scene;
    const operation = ledger.begin(sessionId, null, null, now());
    if (!deleted.has(sessionId)) deleted.set(sessionId, "sent");
    try {
      await this.#underWay(this.#asItsClient(sessionId, (client) => client.terminateSession()));
      ledger.acknowledge(operation, now());
      deleted.set(sessionId, "answered");
      this.#retire(sessionId);
    } catch (error) {
      this.#explain(error, sessionId, operation);
    }
  }

  /** Removes a deleted session, whose header is refused. The next life opens another one in its place. */
  #retire(sessionId: string): void {
    const { sessions } = this.#scene;
    const at = sessions.indexOf(sessionId);
    if (at >= 0) sessions.splice(at, 1);
  }

  /** Calls by argument or, as legacy clients can, by header. */
  #call(sessionId: string, tool: string, args: Record<string, unknown>): Promise<ToolReply> {
    return this.#underWay(
      this.#kind !== "modern" && this.#scene.chance.is(0.3)
        ? this.#asItsClient(sessionId, (client) => client.call(tool, args))
        : this.#client.call(tool, { ...args, session_id: sessionId }),
    );
  }

  #underWay<T>(operation: Promise<T>): Promise<T> {
    this.#scene.underWay++;
    return operation.finally(() => this.#scene.underWay--);
  }

  async #asItsClient<T>(sessionId: string, use: (client: ConnectedClient) => Promise<T>): Promise<T> {
    const resume = { sessionId, protocolVersion: "2025-11-25" };
    const client = await connect(this.#kind, this.#life.url, { name: this.#name, resume });
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }

  #judge(sessionId: string, seen: Seen, startedAt: number): State {
    const { ledger, found } = this.#scene;
    const expected = ledger.mayBeFound(sessionId, startedAt);
    const verdict = ledger.judge(sessionId, seen, startedAt, now());
    found(verdict, `${sessionId} was found with ${JSON.stringify(seen)}, want one of ${JSON.stringify(expected)}`);
    return seen.state;
  }

  /** A refusal of the header after a DELETE is an answer; any other error must be due to the kill. */
  #explain(error: unknown, sessionId: string, operation: Operation | null): void {
    const { ledger, deleted, failed } = this.#scene;
    const message = error instanceof Error ? error.message : String(error);
    if (HEADER_REFUSED.test(message) && deleted.has(sessionId)) {
      this.#retire(sessionId);
      if (operation !== null) ledger.withdraw(operation);
      return;
    }
    ledger.leaveOpen();
    if (!this.#life.killed) failed(`${this.#name} (${this.#kind}) failed although the server ran: ${message}`);
  }
}

/** @throws Error if the tool returned an error. */
function seenIn({ isError, text, data }: ToolReply): Seen {
  if (isError) throw new Error(text);
  return {
    state: data.working_directory as State,
    client: data.client as string | null,
    setAt: data.set_at === null ? null : Date.parse(String(data.set_at)),
  };
}
