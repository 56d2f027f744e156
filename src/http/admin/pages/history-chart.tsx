/** @jsxRuntime automatic @jsxImportSource hono/jsx */
import { HISTORY_RANGES, type RangeName, stepStarts } from "../../../registry/history.ts";
import type { Tally } from "../../../registry/tally.ts";
import { axisEnd, clockTime, dayOfMonth, groupedNumber } from "./words.ts";

interface ChartWords {
  readonly title: string;
  readonly per: string;
  /** Number of labels on the time axis; must divide the number of points. */
  readonly labels: number;
  readonly label: (start: number) => string;
  readonly span: (start: number) => string;
}

const WORDS: Record<RangeName, ChartWords> = {
  hour: {
    title: "Last hour",
    per: "minute",
    labels: 4,
    label: clockTime,
    span: (start) => `${clockTime(start)} UTC`,
  },
  day: {
    title: "Last 24 hours",
    per: "hour",
    labels: 4,
    label: clockTime,
    span: (start) => `${clockTime(start)} to ${clockTime(start + HISTORY_RANGES.day.stepMs)} UTC`,
  },
  month: { title: "Last 30 days", per: "day", labels: 5, label: dayOfMonth, span: dayOfMonth },
};

/** One step of the chart. `ended` combines sessions that were ended, deleted or found gone. */
interface Point {
  readonly start: number;
  readonly opened: number;
  readonly ended: number;
  readonly expired: number;
  readonly refused: number;
}

const WIDTH = 10;
const HALF = 100;

/**
 * Chart of a history: opened and refused sessions above the line, ended and expired ones below it. Tooltips and a table
 * give the numbers.
 */
export const HistoryChart = ({ range, series, now }: { range: RangeName; series: readonly Tally[]; now: number }) => {
  const words = WORDS[range];
  const starts = stepStarts(HISTORY_RANGES[range], now);
  const points = series.map(({ opened, ended, deleted, dropped, expired, refused }, i): Point => {
    return { start: starts[i] ?? 0, opened, ended: ended + deleted + dropped, expired, refused };
  });
  const end = axisEnd(Math.max(...points.map((point) => Math.max(up(point), down(point)))));
  const every = points.length / words.labels;
  const sum = (field: Exclude<keyof Point, "start">) => points.reduce((total, point) => total + point[field], 0);
  return (
    <figure class="chart" data-chart={range}>
      <figcaption>
        <h3>{words.title}</h3>
        <p class="sums">
          <span class="key opened">{groupedNumber(sum("opened"))} opened</span>{" "}
          <span class="key ended">{groupedNumber(sum("ended"))} ended</span>{" "}
          <span class="key expired">{groupedNumber(sum("expired"))} expired</span>{" "}
          <span class="key refused">{groupedNumber(sum("refused"))} refused</span>
        </p>
      </figcaption>
      <div class="plot">
        <div class="y" aria-hidden="true">
          <span>{groupedNumber(end)}</span>
          <span>0</span>
          <span>{groupedNumber(end)}</span>
        </div>
        <svg
          role="img"
          aria-label={`${words.title}: sessions opened and refused above the line, ended and expired below it, per ${words.per}`}
          viewBox={`0 0 ${points.length * WIDTH} ${2 * HALF}`}
          preserveAspectRatio="none"
        >
          <path class="grid" d={`M0 .5H${points.length * WIDTH}M0 ${2 * HALF - 0.5}H${points.length * WIDTH}`} />
          {points.map((point, i) => (
            <PointBars point={point} x={i * WIDTH} end={end} span={words.span(point.start)} />
          ))}
          <path class="zero" d={`M0 ${HALF}H${points.length * WIDTH}`} />
        </svg>
        <div class={`x x${words.labels}`} aria-hidden="true">
          {points
            .filter((_, i) => i % every === 0)
            .map((point) => (
              <span>{words.label(point.start)}</span>
            ))}
        </div>
      </div>
      <p class="axes" aria-hidden="true">
        Sessions per {words.per}; times in UTC
      </p>
      <details data-key={`table-${range}`}>
        <summary data-key={`summary-${range}`}>{words.title} as a table</summary>
        <section class="scroll" tabindex={0} aria-label={`${words.title}, figures`}>
          <table>
            <thead>
              <tr>
                {["From (UTC)", "Opened", "Ended", "Expired", "Refused"].map((name) => (
                  <th scope="col">{name}</th>
                ))}
              </tr>
            </thead>
            <tbody>
              {points.toReversed().map((point) => (
                <tr>
                  <th scope="row">{words.label(point.start)}</th>
                  {[point.opened, point.ended, point.expired, point.refused].map((n) => (
                    <td>{groupedNumber(n)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </figure>
  );
};

const up = ({ opened, refused }: Point): number => opened + refused;
const down = ({ ended, expired }: Point): number => ended + expired;

const PointBars = ({ point, x, end, span }: { point: Point; x: number; end: number; span: string }) => {
  const height = (n: number): number => (n / end) * HALF;
  const bar = (name: string, y: number, n: number) =>
    n > 0 && <rect class={name} x={x + 1.5} y={y} width={WIDTH - 3} height={height(n)} />;
  const { opened, ended, expired, refused } = point;
  return (
    <g class="point">
      <title>{`${span}: ${opened} opened, ${ended} ended, ${expired} expired, ${refused} refused`}</title>
      <rect class="hit" x={x} y={0} width={WIDTH} height={2 * HALF} />
      {bar("opened", HALF - height(opened), opened)}
      {bar("refused", HALF - height(opened + refused), refused)}
      {bar("ended", HALF, ended)}
      {bar("expired", HALF + height(ended), expired)}
    </g>
  );
};
