/** The lives of a server on one storage: people come, work, and the server dies or is left alone. */

import { type RunningServer, startServer } from "../library/local-server.ts";
import { CLIENT_KINDS } from "../library/mcp-clients.ts";
import { now, Person, type Scene } from "./person.ts";

/** What a person does with a share of the sessions. */
export type Work = (person: Person, share: readonly string[]) => Promise<void>;

/** What happens first in a life of the server, before anybody writes. */
export type Start = (people: readonly Person[]) => Promise<void>;

/** Resolves when the server shall die; `working` when everybody has finished. */
export type Moment = (working: Promise<void>) => Promise<void>;

export interface LivesOptions {
  /** Folder of the objects' storage, empty at the beginning. */
  readonly persistTo: string;
  readonly sessions: number;
  readonly people: number;
  readonly tell: (line: string) => void;
}

export class Lives {
  /** For each time that the server was killed, how many operations were under way. */
  readonly kills: number[] = [];
  /** Of the server that lives now. */
  url = "";
  readonly #scene: Scene;
  readonly #options: LivesOptions;
  #onAnswer = () => {};

  constructor(scene: Pick<Scene, "ledger" | "chance" | "found" | "failed">, options: LivesOptions) {
    this.#scene = {
      ...scene,
      sessions: [],
      deleted: new Map(),
      nextDirectory: 0,
      underWay: 0,
      answered: () => this.#onAnswer(),
    };
    this.#options = options;
  }

  /** One life in which everybody does their share of `work`, after `start`, and which ends with SIGKILL. */
  async killed(idleTimeoutSeconds: number, start: Start, work: Work, moment: Moment): Promise<void> {
    const { ledger, chance } = this.#scene;
    await this.#live(idleTimeoutSeconds, async (people, kill) => {
      // Before new writes cover up what the kill before has lost.
      await start(people);
      const working = this.together(people, work);
      await moment(working);
      // Whoever has just got an answer sends the next operation first: everybody is in the middle of one.
      await new Promise((resolve) => setImmediate(resolve));
      this.kills.push(this.#scene.underWay);
      // Nobody sends more while the server is in the middle of what it has got: there a kill does most harm.
      stop(chance.between(0, 30));
      await kill();
      await working;
      ledger.serverIsGone(now());
      const { acknowledged, unacknowledged } = ledger.totals;
      const totals = `${acknowledged} operations acknowledged so far, ${unacknowledged} not`;
      this.#options.tell(`kill ${this.kills.length}, with ${this.kills.at(-1)} operations under way: ${totals}`);
    });
  }

  /** One life in which nothing happens to the server. */
  leftAlone(idleTimeoutSeconds: number, start: Start): Promise<void> {
    return this.#live(idleTimeoutSeconds, (people) => start(people));
  }

  /** Everybody works with a share of the sessions in use. */
  async together(people: readonly Person[], work: Work): Promise<void> {
    const parts = shares(this.#scene.sessions, people.length);
    await Promise.all(people.map((person, at) => work(person, parts[at] ?? [])));
  }

  /** Resolves when so many more writes have been answered, however long that takes. */
  answers(number: number): Promise<void> {
    let missing = number;
    return new Promise<void>((resolve) => {
      this.#onAnswer = () => {
        if (missing-- <= 0) resolve();
      };
      this.#onAnswer();
    });
  }

  async #live(
    idleTimeoutSeconds: number,
    course: (people: readonly Person[], kill: () => Promise<void>) => Promise<void>,
  ): Promise<void> {
    const vars = {
      SESSION_IDLE_TIMEOUT_SECONDS: String(idleTimeoutSeconds),
      LOG_LEVEL: "warn",
      // Everybody calls from one address.
      RATE_LIMITS: "off",
    };
    const server = await startServer({ persistTo: this.#options.persistTo, vars });
    this.url = server.url;
    const people: Person[] = [];
    const life = { url: server.url, killed: false };
    try {
      for (let n = 0; n < this.#options.people; n++) {
        const kind = CLIENT_KINDS[n % CLIENT_KINDS.length] ?? "modern";
        people.push(await Person.arrive(n, kind, this.#scene, life));
      }
      while (this.#scene.sessions.length < this.#options.sessions) await people[0]?.open();
      await course(people, () => {
        life.killed = true;
        return server.stop("SIGKILL");
      });
    } finally {
      await Promise.allSettled(people.map((person) => person.leave()));
      // Nothing is under way; a server that gets time to tidy up would prove less.
      await server.stop("SIGKILL");
    }
    this.#readLog(server);
  }

  #readLog(server: RunningServer): void {
    for (const line of server.output().split("\n")) {
      if (line.includes('"level":"error"')) this.#scene.failed(`the server logged ${line}`);
    }
  }
}

/** Deals `items` out. */
export const shares = <T>(items: readonly T[], parts: number): T[][] =>
  Array.from({ length: parts }, (_, part) => items.filter((_item, at) => at % parts === part));

/** One after the other. */
export async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await work(item);
}

/** Not at all if `ms` is not positive. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Lets this whole process stand still. */
const stop = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
