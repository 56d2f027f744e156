import * as z from "zod";

/** Parsers that settings share. All vars arrive as text. */

export const wholeNumber = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`);

/**
 * Whether content fetched from a URL can be trusted: https, or plain http on this machine only, since it can be forged. `|` is not
 * allowed, since it separates issuer and subject in a principal.
 */
export function isSafeUrl(text: string): boolean {
  if (!URL.canParse(text) || /[|\s]/.test(text)) return false;
  const { protocol, hostname, username, password } = new URL(text);
  const isLocal = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  return username === "" && password === "" && (protocol === "https:" || (protocol === "http:" && isLocal));
}

/** Items separated by commas. White space around items and empty items are ignored. */
export const commaList = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);
