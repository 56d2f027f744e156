import { MAX_PAGE_BYTES } from "../constants.ts";
import { jsonBytes } from "../json-bytes.ts";

/** An entry of a list as it is answered: as data, as a line of text, and the cursor that leads on after it. */
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
 * The page of these entries, bounded by bytes: it ends before the first that does not fit, and its cursor leads on from there.
 * The first entry is always on it, so that every page gets further.
 * @param nextCursor Where the list goes on after all of them; null: they are the last.
 * @param rest What the answer has besides the page.
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

/** The members around the entries, the frame of the result and that of JSON-RPC, without the id. */
const FRAME_BYTES = 1024;

/** It stands in the data and, quoted, in the text. */
const cursorBytes = (cursor: string): number => jsonBytes([cursor, JSON.stringify(cursor)]);
