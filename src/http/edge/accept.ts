/** The response types that a client accepts. */
export interface Accepted {
  readonly json: boolean;
  readonly stream: boolean;
}

const ANYTHING: Accepted = { json: true, stream: true };

/** Response types allowed by an `Accept` header (RFC 9110, section 12.5.1). An absent or empty header allows both. */
export function acceptedBy(header: string | null): Accepted {
  if (header === null || header.trim() === "") return ANYTHING;
  const ranges = header.split(",").map(parseRange);
  return { json: accepts(ranges, "application/json"), stream: accepts(ranges, "text/event-stream") };
}

interface Range {
  readonly type: string;
  readonly refused: boolean;
}

function parseRange(text: string): Range {
  const [type = "", ...parameters] = text.toLowerCase().split(";");
  const weights = parameters.map((parameter) => /^\s*q\s*=\s*([0-9.]+)\s*$/.exec(parameter)?.[1]);
  const weight = weights.find((found) => found !== undefined);
  return { type: type.trim(), refused: weight !== undefined && Number(weight) === 0 };
}

/** The most specific matching range decides; weight 0 refuses. */
function accepts(ranges: readonly Range[], type: string): boolean {
  for (const wanted of [type, `${type.split("/")[0]}/*`, "*/*"]) {
    const matching = ranges.filter((range) => range.type === wanted);
    if (matching.length > 0) return matching.some(({ refused }) => !refused);
  }
  return false;
}
