/** The table that the demo prints: one row per step, written as soon as the step has happened. */

export interface Step {
  /** Who acts: a client and its era, or the server. */
  readonly who: string;
  readonly does: string;
  /** Does it, checks what came back, and returns that in a few words. Throws if it is not what it should be. */
  run(): Promise<string>;
}

const WIDTHS = { step: 4, who: 17, does: 44, got: 54 };

export class DemoTable {
  #steps = 0;

  /** Number of the steps that have happened as they should. */
  get steps(): number {
    return this.#steps;
  }

  header(): void {
    this.#row("step", "who", "what was done", "what came back", "");
    console.log("─".repeat(Object.values(WIDTHS).reduce((sum, width) => sum + width + 2, 2)));
  }

  chapter(title: string): void {
    console.log(`\n${title}`);
  }

  /** Runs a step and prints its row. @throws what the step threw, after the row that says so. */
  async step({ who, does, run }: Step): Promise<void> {
    const number = String(this.#steps + 1).padStart(WIDTHS.step);
    try {
      this.#row(number, who, does, await run(), "ok");
      this.#steps++;
    } catch (error) {
      this.#row(number, who, does, "", "FAILED");
      throw error;
    }
  }

  #row(step: string, who: string, does: string, got: string, outcome: string): void {
    const cells = [step.padEnd(WIDTHS.step), who.padEnd(WIDTHS.who), does.padEnd(WIDTHS.does), got.padEnd(WIDTHS.got)];
    console.log(`${cells.join("  ")}  ${outcome}`.trimEnd());
  }
}

/** A session id as the table shows it: enough to tell two apart. */
export const shortId = (sessionId: unknown): string => `${String(sessionId).slice(0, 11)}…`;

/** The beginning of a longer answer, as much as fits into a row. */
export function brief(text: string, length = WIDTHS.got): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
