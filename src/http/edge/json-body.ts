import { fail, ok, type Result } from "../../model/failure.ts";
import { MAX_JSON_DEPTH } from "./limits.ts";

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: false });

/** Why a body is rejected. */
export type BodyFault = "not_utf8" | "not_json" | "too_deep" | "names_prototype";

/**
 * Parses a body as JSON. The nesting depth is checked on the text first, because parsers and validators recurse and
 * would overflow the stack. UTF-8 is decoded strictly: invalid bytes are rejected, not replaced.
 */
export function parseBody(bytes: ArrayBuffer): Result<unknown, BodyFault> {
  let text: string;
  try {
    text = UTF_8.decode(bytes);
  } catch {
    return fail("not_utf8");
  }
  const fault = measure(text);
  if (fault !== null) return fail(fault);
  try {
    const value: unknown = JSON.parse(text);
    return mayNamePrototype(text) && namesPrototype(value) ? fail("names_prototype") : ok(value);
  } catch {
    return fail("not_json");
  }
}

/** Whether {@link namesPrototype} is needed: the name occurs literally, or may be written with escapes. */
const mayNamePrototype = (text: string): boolean => text.includes("__proto__") || text.includes("\\u");

/**
 * Whether any member is named `__proto__`. The parsed object is harmless, but copying it by assignment sets a
 * prototype, and validators of strict objects overlook the member. Recursion is safe: the depth has been checked.
 */
function namesPrototype(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  return Object.hasOwn(value, "__proto__") || Object.values(value).some(namesPrototype);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Checks the nesting depth in one pass over the text. For invalid JSON the depth may be wrong; the parser rejects it
 * anyway.
 */
function measure(text: string): BodyFault | null {
  let depth = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === QUOTE) {
      for (i++; i < text.length && text.charCodeAt(i) !== QUOTE; i++) {
        if (text.charCodeAt(i) === BACKSLASH) i++;
      }
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > MAX_JSON_DEPTH) return "too_deep";
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return null;
}

/** The error message for the client. */
export function describeBodyFault(fault: BodyFault): string {
  switch (fault) {
    case "not_utf8":
      return "Parse error: the request body is not valid UTF-8";
    case "not_json":
      return "Parse error: the request body is not valid JSON";
    case "too_deep":
      return `Invalid request: the message nests deeper than ${MAX_JSON_DEPTH} arrays and objects`;
    case "names_prototype":
      return 'Invalid request: the message has a member named "__proto__"';
  }
}
