/** The successive lives of a server on one storage: people connect and work, and the server is killed or left alone. */

import { type RunningServer, startServer } from "../library/local-server.ts";
import { CLIENT_KINDS } from "../library/mcp-clients.ts";
import { now, Person, type Scene } from "./person.ts";

/** A person's work on a share of the sessions. */
export type Work = (person: Person, share: readonly string[]) => Promise<void>;

/** Runs first in each life of the server, before any write. */
export type Start = (people: readonly Person[]) => Promise<void>;

/** Resolves when the server is to be killed; `working` resolves when everybody has finished. */
export type Moment = (working: Promise<void>) => Promise<void>;

export interface LivesOptions {
  /** Folder of the objects' storage, empty at the beginning. */
  readonly persistTo: string;
  readonly sessions: number;
  readonly people: number;
  readonly tell: (line: string) => void;
}

export class Lives {
  /** Operations under way at each kill. */
  readonly kills: number[] = [];
  /** URL of the current server. */
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

  /** One life: `start`, then everybody does `work` on their share, until SIGKILL. */
  async killed(idleTimeoutSeconds: number, start: Start, work: Work, moment: Moment): Promise<void> {
    const { ledger, chance } = this.#scene;
    await this.#live(idleTimeoutSeconds, async (people, kill) => {
      // Before new writes can hide what the previous kill has lost.
      await start(people);
      const working = this.together(people, work);
      await moment(working);
      // Whoever has just received an answer first sends the next operation, so that everybody is in the middle of one.
      await new Promise((resolve) => setImmediate(resolve));
      this.kills.push(this.#scene.underWay);
      // Blocks this process, so that nothing more is sent while the server handles what it has: there a kill does most harm.
      stop(chance.between(0, 30));
      await kill();
      await working;
      ledger.serverIsGone(now());
      const { acknowledged, unacknowledged } = ledger.totals;
      const totals = `${acknowledged} operations acknowledged so far, ${unacknowledged} not`;
      this.#options.tell(`kill ${this.kills.length}, with ${this.kills.at(-1)} operations under way: ${totals}`);
    });
  }

  /** One life without a kill until the end. */
  leftAlone(idleTimeoutSeconds: number, start: Start): Promise<void> {
    return this.#live(idleTimeoutSeconds, (people) => start(people));
  }

  /** Everybody works on a share of the sessions in use. */
  async together(people: readonly Person[], work: Work): Promise<void> {
    const parts = shares(this.#scene.sessions, people.length);
    await Promise.all(people.map((person, at) => work(person, parts[at] ?? [])));
  }

  /** Resolves when this many more writes have been answered, however long that takes. */
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
      // All people call from one address.
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
      // Nothing is under way; a graceful shutdown would prove less.
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

/** Deals `items` out in turn. */
export const shares = <T>(items: readonly T[], parts: number): T[][] =>
  Array.from({ length: parts }, (_, part) => items.filter((_item, at) => at % parts === part));

/** Runs `work` on one item after the other. */
export async function inTurn<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  for (const item of items) await work(item);
}

/** Resolves at once if `ms` is not positive. */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));

/** Blocks this whole process. */
const stop = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
