import * as z from "zod";

/** Forms that settings share. All vars arrive as text. */

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`);

/** Whether what is fetched from a URL can be trusted: over plain http it could be anybody's. `|` separates issuer and subject in a principal. */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text) || /[|\s]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return username === "" && password === "" && (protocol === "https:" || (protocol === "http:" && isLocal));
}

/** Items separated by commas; white space around them and empty ones do not count. */
export const commaList = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
