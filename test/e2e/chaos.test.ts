import { expect, it } from "vitest";
import { Chaos, LEAST_ANSWERS_IN_CHURN } from "../../scripts/chaos/chaos.ts";
import { ownFolder } from "./support/servers.ts";

/** Far beyond what even a slow machine needs. */
const TIMEOUT_MS = 300_000;
const SESSIONS = 18;

/** `npm run chaos` is the long form. */
it(
  "a server killed under load loses no acknowledged write, leaves none half-written, and counts exactly",
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
    expect(comparisons.at(-1)).toMatchObject({ when: "after the idle timeout", live: 0 });
    // Every kill but the last must interrupt operations, or the run would prove nothing.
    expect(kills).toEqual([...Array(4).fill(expect.any(Number)), 0]);
    expect(Math.min(...kills.slice(0, -1))).toBeGreaterThan(0);
    expect(acknowledged + unacknowledged).toBeGreaterThan(LEAST_ANSWERS_IN_CHURN);
    // Everything is read after each kill.
    expect(verdicts.kept).toBeGreaterThanOrEqual(kills.length * SESSIONS);
  },
  TIMEOUT_MS,
);
