import { vi } from "vitest";

/** Collects log lines of every level from now on. The test must restore the mocks. */
export function linesOf(): Record<string, unknown>[] {
  const lines: Record<string, unknown>[] = [];
  for (const method of ["log", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((line) => void lines.push(JSON.parse(String(line))));
  }
  return lines;
}
