import type * as z from "zod";
import { portableSchema } from "./portable-schema.ts";

type JsonSchema = Record<string, unknown>;
type Convert = (options: { readonly target: string }) => JsonSchema;

/**
 * The same schema, which publishes a portable JSON Schema and remembers it. The SDK keeps its conversions with the server that it builds for a
 * message and throws them away with it; converting anew is most of what `tools/list` costs.
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
    // The SDK adds to what it is given.
    return { ...known };
  };
}
