/** A chaos run: clients work while the server is killed repeatedly, and the results are checked afterwards. */
import { Chance } from "../library/chance.ts";
import { connect } from "../library/mcp-clients.ts";
import { Ledger, type Verdict } from "./ledger.ts";
import { inTurn, Lives, type LivesOptions, type Moment, type Start, shares, type Work, wait } from "./lives.ts";
import { now, type Person } from "./person.ts";

export interface ChaosOptions extends LivesOptions {
  /** How often the server is killed. In the last three lives contexts are ended, begun anew and left to expire. */
  readonly kills: number;
  readonly seed: number;
  /** Idle timeout of the contexts that are left to expire in the end. */
  readonly idleTimeoutSeconds: number;
}

/** The count compared with the number of live sessions found, once both were stable. */
export interface Comparison {
  readonly when: string;
  readonly count: number;
  readonly live: number;
  /** Time until they agreed and stayed so for a second. */
  readonly settledMs: number;
}

export interface ChaosReport {
  /** Operations under way at each kill; none at the last one, when contexts expire. */
  readonly kills: readonly number[];
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly comparisons: readonly Comparison[];
  /** Problems found, one line each. Empty if every promise was kept. */
  readonly problems: readonly string[];
}

export const LEAST_KILLS = 4;

/** Minimum of answered writes in a life that ends and begins contexts. */
export const LEAST_ANSWERS_IN_CHURN = 60;

/** Retries are due five seconds after a kill; a machine under load takes longer. */
const SETTLE_LIMIT_MS = 60_000;
/** For all contexts that are read again: long enough that they do not expire first, however slow the machine is. */
const LONG_TIMEOUT_SECONDS = 86_400;

export class Chaos {
  readonly #options: ChaosOptions;
  readonly #chance: Chance;
  readonly #ledger = new Ledger();
  readonly #lives: Lives;
  readonly #verdicts: Record<Verdict, number> = { kept: 0, lost: 0, "half-written": 0, undead: 0 };
  readonly #problems: string[] = [];
  readonly #comparisons: Comparison[] = [];

  constructor(options: ChaosOptions) {
    if (!(options.kills >= LEAST_KILLS)) throw new Error(`kills is ${options.kills}: want ${LEAST_KILLS} or more`);
    this.#options = options;
    this.#chance = new Chance(options.seed);
    const scene = {
      ledger: this.#ledger,
      chance: this.#chance,
      found: (verdict: Verdict, what: string) => {
        this.#verdicts[verdict]++;
        if (verdict !== "kept") this.#problems.push(`${verdict}: ${what}`);
      },
      failed: (what: string) => this.#problems.push(what),
    };
    this.#lives = new Lives(scene, options);
  }

  async run(): Promise<ChaosReport> {
    const { kills, idleTimeoutSeconds, tell } = this.#options;
    const lives = this.#lives;
    let start = this.#lookAround;
    while (lives.kills.length < kills - 3) {
      const churns = lives.kills.length % 3 !== 0;
      await (churns
        ? lives.killed(LONG_TIMEOUT_SECONDS, start, (person, share) => person.churn(share), this.#anyAnswer())
        : lives.killed(LONG_TIMEOUT_SECONDS, start, (person) => person.work(), this.#anyMoment()));
      // After a churn, pending registry calls are checked before more load could repair a lost one.
      start = churns || lives.kills.length === kills - 3 ? this.#compareAfterKill() : this.#lookAround;
    }

    tell("All contexts are ended and begun anew, with a kill in each");
    await lives.killed(LONG_TIMEOUT_SECONDS, start, endAll, this.#midway());
    const endTheRest: Start = async (people) => {
      await lives.together(people, endAll);
      await this.#compare("after all were ended", people);
    };
    await lives.killed(LONG_TIMEOUT_SECONDS, endTheRest, setAll, this.#midway());
    tell(`They are begun anew with a timeout of ${idleTimeoutSeconds} s, and a kill about when it ends`);
    await this.#expire(idleTimeoutSeconds);
    return {
      kills: lives.kills,
      ...this.#ledger.totals,
      verdicts: this.#verdicts,
      comparisons: this.#comparisons,
      problems: this.#problems,
    };
  }

  /**
   * Every session has a context with the short timeout, the server is killed about when it ends, and nothing is left. Such a
   * context is not read before it must have expired: on a slow machine the server takes longer to start than the context lives.
   */
  async #expire(idleTimeoutSeconds: number): Promise<void> {
    const idleTimeoutMs = idleTimeoutSeconds * 1000;
    let lastSet = 0;
    const beginAnew: Work = async (person, share) => {
      await endAll(person, share);
      await setAll(person, share);
    };
    await this.#lives.killed(idleTimeoutSeconds, this.#compareAfterKill(), beginAnew, async (working) => {
      await working;
      lastSet = now();
      await wait(idleTimeoutMs + this.#chance.between(-1000, 500));
    });
    await this.#lives.leftAlone(idleTimeoutSeconds, async (people) => {
      // A deadline is late by at most 1/1440 of the timeout, plus the millisecond resolution of alarms.
      await wait(lastSet + idleTimeoutMs * (1 + 1 / 1440) + 2 - now());
      this.#ledger.allHaveExpired(now());
      await this.#compare("after the idle timeout", people);
    });
  }

  /** Mostly early; occasionally late enough for retries from the previous life to be under way. */
  #anyMoment(): Moment {
    return () => wait(this.#chance.is(0.2) ? this.#chance.between(3000, 6500) : this.#chance.between(50, 1500));
  }

  /** Just as an operation is answered. */
  #anyAnswer(): Moment {
    return () => this.#lives.answers(Math.round(this.#chance.between(LEAST_ANSWERS_IN_CHURN, 300)));
  }

  /** While everybody still has work to do, with one operation per session. */
  #midway(): Moment {
    const { sessions, people } = this.#options;
    // The answers of all people may arrive at once with the last one waited for.
    return () => this.#lives.answers(Math.round(this.#chance.between(0, Math.max(0, sessions - 2 * people))));
  }

  /** Everybody reads the sessions of their share. */
  #lookAround: Start = (people) =>
    this.#lives.together(people, (person, share) => inTurn(share, (id) => person.look(id)));

  #compareAfterKill(): Start {
    const when = `after kill ${this.#lives.kills.length}`;
    return (people) => this.#compare(when, people);
  }

  /** Reads every session that ever existed, then polls the count until it is right and still right a second later. */
  async #compare(when: string, people: readonly Person[]): Promise<void> {
    const live = new Set<string>();
    await Promise.all(
      shares(this.#ledger.sessionIds, people.length).map((share, at) =>
        inTurn(share, async (id) => {
          const state = await people[at]?.look(id);
          if (typeof state === "string") live.add(id);
        }),
      ),
    );
    const startedAt = now();
    let [count, before] = [await this.#count(), Number.NaN];
    // A count that is right by chance, with one row missing and one too many, does not stay right.
    while ((count !== live.size || before !== live.size) && now() - startedAt < SETTLE_LIMIT_MS) {
      await wait(count === live.size ? 1000 : 100);
      [count, before] = [await this.#count(), count];
    }
    const settledMs = Math.round(now() - startedAt);
    if (count !== live.size) this.#problems.push(`${when}: the count is ${count}, and ${live.size} sessions are live`);
    this.#comparisons.push({ when, count, live: live.size, settledMs });
    this.#options.tell(`${when}: ${live.size} sessions live, count ${count}, settled in ${settledMs} ms`);
  }

  async #count(): Promise<number> {
    const client = await connect("modern", this.#lives.url);
    try {
      const { isError, data } = await client.call("get_session_count");
      // An error of a shard is not a count, so not a wrong one either.
      return isError ? Number.NaN : Number(data.active_sessions);
    } finally {
      await client.close();
    }
  }
}

const endAll: Work = (person, share) => inTurn(share, (id) => person.end(id));
const setAll: Work = (person, share) => inTurn(share, (id) => person.set(id));
