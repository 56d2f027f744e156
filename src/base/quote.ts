const SHOWN = 200;

/**
 * A value as JSON, so that nothing in it can pass for our own words; the middle of a long one is left out. For messages.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shorten(value).toWellFormed());
  return shorten(JSON.stringify(value) ?? String(value)).toWellFormed();
}

const shorten = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN / 2)}…${text.slice(-SHOWN / 2)}` : text;
