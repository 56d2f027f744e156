/** The course of a chaos run: what people do while the server is killed, and what is found afterwards. */
import { Chance } from "./chance.ts";
import { Ledger, type Verdict } from "./chaos-ledger.ts";
import { inTurn, Lives, type LivesOptions, type Moment, shares, type Work, wait } from "./chaos-lives.ts";
import { now, type Person } from "./chaos-person.ts";
import { connect } from "./clients.ts";

export interface ChaosOptions extends LivesOptions {
  /** How often the server is killed, the last three times while contexts are ended, begun anew and expire. */
  readonly kills: number;
  readonly seed: number;
  /** Idle time-out of the contexts that are left to expire in the end. */
  readonly idleTimeoutSeconds: number;
}

/** How the count and the number of sessions that were found live compared, once it was still. */
export interface Comparison {
  readonly when: string;
  readonly count: number;
  readonly live: number;
  /** How long it took until they agreed, and had done so for a second. */
  readonly settledMs: number;
}

export interface ChaosReport {
  readonly kills: number;
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly verdicts: Readonly<Record<Verdict, number>>;
  readonly comparisons: readonly Comparison[];
  /** What was found wrong, one line each. Empty: everything was as promised. */
  readonly problems: readonly string[];
}

export const LEAST_KILLS = 4;

/** Retries after a kill are due after five seconds; a machine under load takes its time. */
const SETTLE_LIMIT_MS = 60_000;
/** Contexts of the first part must not expire in it, however slow the machine is. */
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
    while (lives.kills < kills - 3) {
      const churns = lives.kills % 2 === 1;
      await (churns
        ? lives.killed(LONG_TIMEOUT_SECONDS, (person, share) => person.churn(share), this.#anyAcknowledgement())
        : lives.killed(LONG_TIMEOUT_SECONDS, (person) => person.work(), this.#anyMoment()));
      // After a churn what was on its way to the registry is looked at before more load could put it right.
      if (churns || lives.kills === kills - 3) {
        const when = `after kill ${lives.kills}`;
        await lives.leftAlone(LONG_TIMEOUT_SECONDS, (people) => this.#compare(when, people));
      }
    }

    tell(`All contexts are ended and begun anew with a time-out of ${idleTimeoutSeconds} s, with a kill in each`);
    await lives.killed(idleTimeoutSeconds, endAll, this.#soon());
    await lives.leftAlone(idleTimeoutSeconds, async (people) => {
      await lives.together(people, endAll);
      await this.#compare("after all were ended", people);
    });
    await lives.killed(idleTimeoutSeconds, setAll, this.#soon());
    await this.#expire(idleTimeoutSeconds);
    return {
      kills: lives.kills,
      ...this.#ledger.totals,
      verdicts: this.#verdicts,
      comparisons: this.#comparisons,
      problems: this.#problems,
    };
  }

  /** Every session has a context under the short time-out, the server dies about when that ends, and nothing is left. */
  async #expire(idleTimeoutSeconds: number): Promise<void> {
    const idleTimeoutMs = idleTimeoutSeconds * 1000;
    let lastSet = 0;
    await this.#lives.killed(idleTimeoutSeconds, setAll, async (working) => {
      await working;
      lastSet = now();
      await wait(idleTimeoutMs + this.#chance.between(-1000, 500));
    });
    await this.#lives.leftAlone(idleTimeoutSeconds, async (people) => {
      // A deadline is at most 1/1440 of the time-out late, and the millisecond to which alarms are kept.
      await wait(lastSet + idleTimeoutMs * (1 + 1 / 1440) + 2 - now());
      this.#ledger.allHaveExpired(now());
      await this.#compare("after the idle time-out", people);
    });
  }

  /** Mostly early; now and then so late that the retries of the life before are under way. */
  #anyMoment(): Moment {
    return () => wait(this.#chance.is(0.2) ? this.#chance.between(3000, 6500) : this.#chance.between(50, 1500));
  }

  /** Just as something is acknowledged, when everybody is at it. */
  #anyAcknowledgement(): Moment {
    return () => this.#lives.acknowledgements(this.#chance.between(60, 300));
  }

  /** While everybody is at it. */
  #soon(): Moment {
    return () => wait(this.#chance.between(5, 60));
  }

  /** Reads every session there ever was, and then asks for the count until it is right and still is a second later. */
  async #compare(when: string, people: readonly Person[]): Promise<void> {
    const live = new Set<string>();
    await Promise.all(
      shares(this.#ledger.sessionIds, people.length).map((share, at) =>
        inTurn(share, async (id) => {
          const state = await people[at]?.look(id);
          if (typeof state === "string" && state !== "deleted") live.add(id);
        }),
      ),
    );
    const startedAt = now();
    let [count, before] = [await this.#count(), Number.NaN];
    // Right by chance, while one row is missing and one is too many, it does not stay.
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
      // A shard that does not answer is no count, and in particular not a wrong one.
      return isError ? Number.NaN : Number(data.active_sessions);
    } finally {
      await client.close();
    }
  }
}

const endAll: Work = (person, share) => inTurn(share, (id) => person.end(id));
const setAll: Work = (person, share) => inTurn(share, (id) => person.set(id));
