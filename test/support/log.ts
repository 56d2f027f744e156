import { vi } from "vitest";

/** Collects the lines of the log from now on, at every level. The test has to restore the mocks. */
export function linesOf(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  }
  return lines;
}
