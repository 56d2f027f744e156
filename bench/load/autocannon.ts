/** Carries out a plan with autocannon and prints the result as one line of JSON. A process of its own: see load.ts. */
import { readFileSync } from "node:fs";
import autocannon from "autocannon";
import { type Load, type LoadResult, SESSION_PLACEHOLDER } from "./load.ts";

interface Opening {
  session?: string;
  startedAt?: number;
}

const load = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Load;
const { url, requests, opening, connections, seconds } = load;
const latencies: number[] = [];
const toRequest = ({ path, headers, body }: Load["requests"][number]) => ({
  method: "POST" as const,
  path,
  headers,
  body,
});

let turn = 0;
const inTurn = [
  {
    ...toRequest(requests[0] as Load["requests"][number]),
    setupRequest: (request: object) => ({
      ...request,
      ...toRequest(requests[turn++ % requests.length] as Load["requests"][number]),
    }),
  },
];

const openThenSet = (first: Load["requests"][number]) => [
  {
    ...toRequest(first),
    setupRequest: (request: object, context: Opening) => {
      context.startedAt = performance.now();
      return request;
    },
    onResponse: (_status: number, _body: string, context: Opening, headers: Record<string, string>) => {
      context.session = Object.entries(headers).find(([name]) => name.toLowerCase() === "mcp-session-id")?.[1] ?? "";
    },
  },
  {
    ...toRequest(requests[0] as Load["requests"][number]),
    setupRequest: (request: { headers: Record<string, string> }, context: Opening) => ({
      ...request,
      headers: Object.fromEntries(
        Object.entries(request.headers).map(([name, value]) => [
          name,
          value === SESSION_PLACEHOLDER ? context.session : value,
        ]),
      ),
    }),
    onResponse: (_status: number, _body: string, context: Opening) => {
      latencies.push(performance.now() - (context.startedAt ?? 0));
    },
  },
];

const result = await autocannon({
  url,
  connections,
  duration: seconds,
  requests: (opening ? openThenSet(opening) : inTurn) as unknown as autocannon.Request[],
});
latencies.sort((a, b) => a - b);
const at = (part: number) => latencies[Math.ceil(latencies.length * part) - 1] ?? 0;
const answer: LoadResult = {
  operations: opening ? latencies.length : result.requests.total,
  requests: result.requests.total,
  seconds: result.duration,
  p50Ms: opening ? at(0.5) : result.latency.p50,
  p99Ms: opening ? at(0.99) : result.latency.p99,
  errors: result.errors + result.non2xx,
};
console.log(JSON.stringify(answer));
