const encoder = new TextEncoder();

/** The length of a text in bytes of UTF-8. */
export const utf8Bytes = (text: string): number => encoder.encode(text).length;

/** The length of a value's JSON in bytes of UTF-8. */
export const jsonBytes = (value: unknown): number => utf8Bytes(JSON.stringify(value));
