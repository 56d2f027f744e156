/** The figures that matter most as a bar chart. */
import { type CaseResult, find, type Results } from "./results.ts";

const SERIES = [
  { peer: "ours", era: "modern", label: "mcp-session-context, 2026-07-28", fill: "#f6821f" },
  { peer: "ours", era: "legacy", label: "mcp-session-context, 2025", fill: "#fbad41" },
  { peer: "sdk-object", era: "modern", label: "SDK + own Durable Object, 2026-07-28", fill: "#6b8fb5" },
  { peer: "sdk-object", era: "legacy", label: "SDK + own Durable Object, 2025", fill: "#9db6d0" },
  { peer: "mcp-agent", era: "legacy", label: "McpAgent, 2025", fill: "#8c8c8c" },
  { peer: "floor", era: "none", label: "floor: Worker, object, JSON; no MCP", fill: "#c9c9c9" },
] as const;
const PANELS = [
  { operation: "get", sessions: 1, title: "get_working_directory, requests per second" },
  { operation: "set", sessions: 200, title: "set_working_directory, 200 sessions, requests per second" },
  { operation: "open", sessions: 0, title: "opening a session, sessions per second" },
] as const;

const WIDTH = 720;
const LEFT = 250;
const BAR = 18;
const STEP = 24;

export function chartOf({ cases }: Results, storage: string): string {
  const parts: string[] = [];
  let y = 24;
  for (const { operation, sessions, title } of PANELS) {
    const bars = SERIES.flatMap((series) => {
      const { peer, era } = series;
      const one = find(cases, { operation, sessions, connections: 16, peer, era });
      return one ? [{ ...series, one }] : [];
    });
    const most = Math.max(...bars.map(({ one }) => one.perSecond));
    parts.push(text(0, y, title, "start", ' font-weight="bold"'));
    y += 12;
    for (const { label, fill, one } of bars) {
      const width = Math.max(1, (one.perSecond / most) * (WIDTH - LEFT - 110));
      parts.push(text(LEFT - 8, y + 13, label, "end"));
      parts.push(`<rect x="${LEFT}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2" fill="${fill}"/>`);
      parts.push(text(LEFT + width + 6, y + 13, inWords(one, bars), "start"));
      y += STEP;
    }
    y += 28;
  }
  parts.push(
    text(
      0,
      y,
      `16 connections, one workerd process each, ${storage}. Ratios count; absolute figures are those of one machine.`,
      "start",
    ),
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 12}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Requests per second of this project and its alternatives">
<rect width="100%" height="100%" fill="#fff"/>
${parts.join("\n")}
</svg>
`;
}

function inWords(one: CaseResult, bars: readonly { one: CaseResult }[]): string {
  const agent = bars.find((bar) => bar.one.peer === "mcp-agent")?.one;
  const ratio = agent === undefined || agent === one ? "" : `  (${(one.perSecond / agent.perSecond).toFixed(1)} ×)`;
  return `${Math.round(one.perSecond).toLocaleString("en")}${ratio}`;
}

const text = (x: number, y: number, content: string, anchor: "start" | "end", more = ""): string =>
  `<text x="${x.toFixed(1)}" y="${y}" text-anchor="${anchor}" fill="#222"${more}>${content}</text>`;
