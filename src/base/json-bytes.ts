const utf8 = new TextEncoder();

/** The size of a value as JSON, in bytes of UTF-8. */
export const jsonBytes = (value: unknown): number => utf8.encode(JSON.stringify(value)).length;
