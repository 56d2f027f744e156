const utf8 = new TextEncoder();

/** How many bytes of UTF-8 a value has as JSON. */
export const jsonBytes = (value: unknown): number => utf8.encode(JSON.stringify(value)).length;
