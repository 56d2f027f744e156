import { expect, it } from "vitest";
import { Chaos, LEAST_ANSWERS_IN_CHURN } from "../../scripts/chaos/chaos.ts";
import { ownFolder } from "./support/servers.ts";

/** No bound on time here is short enough for a slow machine to reach it. */
const TIMEOUT_MS = 300_000;
const SESSIONS = 18;

/** `npm run chaos` is the long form. */
it(
  "a server that is killed under load loses nothing it has acknowledged, keeps nothing half, and counts exactly",
  async () => {
    const lines: string[] = [];
    const chaos = new Chaos({
      persistTo: ownFolder(),
      kills: 5,
      sessions: SESSIONS,
      people: 6,
      seed: 1,
      idleTimeoutSeconds: 3,
      tell: (line) => lines.push(line),
    });
    const { kills, acknowledged, unacknowledged, verdicts, comparisons, problems } = await chaos.run();
    expect(problems, lines.join("\n")).toEqual([]);
    expect(verdicts).toMatchObject({ lost: 0, "half-written": 0, undead: 0 });
    for (const { when, count, live } of comparisons) expect(count, when).toBe(live);
    expect(comparisons.at(-1)).toMatchObject({ when: "after the idle time-out", live: 0 });
    // A run in which nothing was at stake would prove nothing: every kill but the last falls among operations.
    expect(kills).toEqual([...Array(4).fill(expect.any(Number)), 0]);
    expect(Math.min(...kills.slice(0, -1))).toBeGreaterThan(0);
    expect(acknowledged + unacknowledged).toBeGreaterThan(LEAST_ANSWERS_IN_CHURN);
    // After each kill everything is read.
    expect(verdicts.kept).toBeGreaterThanOrEqual(kills.length * SESSIONS);
  },
  TIMEOUT_MS,
);
