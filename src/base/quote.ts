const SHOWN = 200;

/**
 * Quotes a value in a message as JSON, so that its content cannot be mistaken for our own words. Omits the middle of a long value.
 */
export function quote(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(shorten(value).toWellFormed());
  return shorten(JSON.stringify(value) ?? String(value)).toWellFormed();
}

const shorten = (text: string): string =>
  text.length > SHOWN ? `${text.slice(0, SHOWN / 2)}…${text.slice(-SHOWN / 2)}` : text;
