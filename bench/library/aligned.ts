export type Cell = string | number | null | undefined;

/** Aligns columns of numbers to the right, other columns to the left. */
export function aligned(rows: readonly (readonly Cell[])[]): string {
  const text = rows.map((row) => row.map((cell) => String(cell ?? "–")));
  const widths = (text[0] ?? []).map((_, column) => Math.max(...text.map((row) => row[column]?.length ?? 0)));
  const isNumber = widths.map((_, column) =>
    rows.slice(1).every((row) => typeof row[column] !== "string" || /^[\d.]+ ×$|^$|^new$/.test(row[column])),
  );
  return text
    .map((row) =>
      row
        .map((cell, column) =>
          isNumber[column] ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0),
        )
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
