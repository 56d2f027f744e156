import { jsonBytes } from "../base/utf8-bytes.ts";
import { MAX_PAGE_BYTES } from "./limits.ts";

/** An entry of a list: as data, as a line of text, and the cursor that continues the list after it. */
export interface PageEntry<View> {
  readonly view: View;
  readonly line: string;
  readonly cursor: string;
}

export interface Page<View> {
  readonly views: readonly View[];
  readonly nextCursor: string | null;
  readonly text: string;
}

/**
 * A page of these entries, limited by size: it ends before the first entry that does not fit, and its cursor continues there. The
 * first entry always fits, so that every page makes progress.
 * @param nextCursor Where the list continues after all entries; null if they are the last.
 * @param rest The other members of the result.
 * @param empty The text of a page without entries.
 */
export function pageOf<View>(
  entries: readonly PageEntry<View>[],
  nextCursor: string | null,
  { rest = {}, empty }: { readonly rest?: object; readonly empty: string },
): Page<View> {
  let left = MAX_PAGE_BYTES - FRAME_BYTES - jsonBytes(rest);
  const fit = entries.findIndex(({ view, line, cursor }, index) => {
    left -= jsonBytes([view, line]);
    return index > 0 && left < cursorBytes(cursor);
  });
  const shown = fit === -1 ? entries : entries.slice(0, fit);
  const next = fit === -1 ? nextCursor : (shown.at(-1)?.cursor ?? null);
  const lines = shown.map(({ line }) => line);
  if (lines.length === 0) lines.push(empty);
  if (next !== null) lines.push(`More with cursor ${JSON.stringify(next)}`);
  return { views: shown.map(({ view }) => view), nextCursor: next, text: lines.join("\n") };
}

/** Bytes for the other members of the result and of the JSON-RPC response, without its ID. */
const FRAME_BYTES = 1024;

/** The cursor appears in the data and, quoted, in the text. */
const cursorBytes = (cursor: string): number => jsonBytes([cursor, JSON.stringify(cursor)]);
