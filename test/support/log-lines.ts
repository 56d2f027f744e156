import { vi } from "vitest";

export type LogLine = Readonly<Record<string, unknown>>;

/** Collects the structured log from now on, including errors, until `vi.restoreAllMocks`. */
export function logLines(): () => LogLine[] {
  const lines: LogLine[] = [];
  const collect = (line: unknown) => {
    if (String(line).startsWith("{")) lines.push(JSON.parse(String(line)));
  };
  vi.spyOn(console, "log").mockImplementation(collect);
  vi.spyOn(console, "error").mockImplementation(collect);
  return () => lines;
}
