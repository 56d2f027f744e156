import type * as z from "zod";
import { portableSchema } from "./portable-schema.ts";

type JsonSchema = Record<string, unknown>;
type Convert = (options: { readonly target: string }) => JsonSchema;

/**
 * Makes `schema` publish a portable JSON Schema and cache it. Returns the same schema. The SDK caches conversions per server, and
 * every message gets a new server: converting again is most of the cost of `tools/list`.
 */
export function convertedOnce<Schema extends z.ZodType>(schema: Schema): Schema {
  const standard = schema["~standard"] as unknown as {
    readonly jsonSchema: Readonly<Record<"input" | "output", Convert>>;
  };
  const { input, output } = standard.jsonSchema;
  const jsonSchema = { input: remember(input), output: remember(output) };
  Object.defineProperty(schema, "~standard", { value: { ...standard, jsonSchema } });
  return schema;
}

function remember(convert: Convert): Convert {
  const converted = new Map<string, JsonSchema>();
  return (options) => {
    const known = converted.get(options.target) ?? portableSchema(convert(options));
    converted.set(options.target, known);
    // A copy: the SDK adds members to it.
    return { ...known };
  };
}
