import { connect } from "./clients.ts";
/** One clock for all, with fractions, that never goes back. */
export const now = () => performance.timeOrigin + performance.now();
const ENDED_FOR_GOOD = /was ended for good|Session not found|Failed to terminate session: Not Found/;
export class Person {
  #name;
  #kind;
  #scene;
  #life;
  #client;
  constructor(name, kind, scene, life, client) {
    this.#name = name;
    this.#kind = kind;
    this.#scene = scene;
    this.#life = life;
    this.#client = client;
  }
  static async arrive(number, kind, scene, life) {
    const name = `person-${number}`;
    return new Person(name, kind, scene, life, await connect(kind, life.url, { name }));
  }
  leave() {
    return this.#client.close();
  }
  /** Does one thing after the other with any of the sessions until the server is gone. */
  async work() {
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
  /** Ends contexts and begins them anew, all at once, until the server is gone: many are always on their way to the registry. */
  async churn(share) {
    await Promise.all(
      share.map(async (sessionId) => {
        while (!this.#life.killed) {
          await this.end(sessionId);
          await this.set(sessionId);
        }
      }),
    );
  }
  /** A new session, of which nothing but the id exists. */
  async open() {
    const { ledger, sessions } = this.#scene;
    const newcomer = await connect("legacy", this.#life.url);
    const sessionId = newcomer.sessionId();
    await newcomer.close();
    if (sessionId === undefined) throw new Error("initialize gave no session");
    ledger.add(sessionId, now());
    sessions.push(sessionId);
  }
  async set(sessionId) {
    const directory = `/chaos/${this.#scene.nextDirectory++}`;
    await this.#write(sessionId, directory, "set_working_directory", { directory });
  }
  async end(sessionId) {
    await this.#write(sessionId, null, "end_session", {});
  }
  /** Reads the whole context and has the ledger judge it. Returns what was found, or undefined without an answer. */
  async look(sessionId) {
    const startedAt = now();
    try {
      const reply = await this.#call(sessionId, "get_session_context", {});
      return this.#judge(sessionId, seenIn(reply), startedAt);
    } catch (error) {
      return this.#explain(error, sessionId, startedAt, null);
    }
  }
  async #write(sessionId, state, tool, args) {
    const { ledger, acknowledged } = this.#scene;
    if (this.#life.killed) return;
    const startedAt = now();
    const operation = ledger.begin(sessionId, state, `${this.#name}/1.0.0`, startedAt);
    try {
      const reply = await this.#call(sessionId, tool, args);
      if (reply.isError) throw new Error(reply.text);
      ledger.acknowledge(operation, now());
      acknowledged();
    } catch (error) {
      this.#explain(error, sessionId, startedAt, operation);
    }
  }
  /** `DELETE /mcp`, which only a legacy client knows. */
  async #delete(sessionId) {
    if (this.#kind === "modern") return;
    const { ledger } = this.#scene;
    const startedAt = now();
    const operation = ledger.begin(sessionId, "deleted", null, startedAt);
    try {
      await this.#asItsClient(sessionId, (client) => client.terminateSession());
      ledger.acknowledge(operation, now());
      this.#retire(sessionId);
    } catch (error) {
      this.#explain(error, sessionId, startedAt, operation);
    }
  }
  /** Nothing but 404 comes from a session that was deleted: the next life opens another in its place. */
  #retire(sessionId) {
    const { sessions } = this.#scene;
    const at = sessions.indexOf(sessionId);
    if (at >= 0) sessions.splice(at, 1);
  }
  /** By the argument, or, as legacy clients can, by the header. */
  #call(sessionId, tool, args) {
    return this.#kind !== "modern" && this.#scene.chance.is(0.3)
      ? this.#asItsClient(sessionId, (client) => client.call(tool, args))
      : this.#client.call(tool, { ...args, session_id: sessionId });
  }
  async #asItsClient(sessionId, use) {
    const resume = { sessionId, protocolVersion: "2025-11-25" };
    const client = await connect(this.#kind, this.#life.url, { name: this.#name, resume });
    try {
      return await use(client);
    } finally {
      await client.close();
    }
  }
  #judge(sessionId, seen, startedAt) {
    const { ledger, found } = this.#scene;
    const expected = ledger.mayBeFound(sessionId, startedAt);
    const verdict = ledger.judge(sessionId, seen, startedAt, now());
    found(verdict, `${sessionId} was found with ${JSON.stringify(seen)}, want one of ${JSON.stringify(expected)}`);
    return seen.state;
  }
  /** A refusal because the session was deleted is an answer; anything else is not, and must be due to the kill. */
  #explain(error, sessionId, startedAt, operation) {
    const { ledger, failed } = this.#scene;
    const message = error instanceof Error ? error.message : String(error);
    if (ENDED_FOR_GOOD.test(message)) {
      this.#retire(sessionId);
      if (operation !== null) ledger.withdraw(operation);
      return this.#judge(sessionId, { state: "deleted", client: null, setAt: null }, startedAt);
    }
    ledger.leaveOpen();
    if (!this.#life.killed) failed(`${this.#name} (${this.#kind}) failed although the server ran: ${message}`);
    return undefined;
  }
}
/** @throws Error if the tool has answered with one. */
function seenIn({ isError, text, data }) {
  if (isError) throw new Error(text);
  return {
    state: data.working_directory,
    client: data.client,
    setAt: data.set_at === null ? null : Date.parse(String(data.set_at)),
  };
}
