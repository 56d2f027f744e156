import type * as z from "zod";

type Convert = (options: { readonly target: string }) => Record<string, unknown>;

/**
 * The same schema, which remembers its JSON Schema. The SDK keeps its conversions with the server that it builds for a message and
 * throws them away with it; converting anew is most of what `tools/list` costs.
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
  const converted = new Map<string, Record<string, unknown>>();
  return (options) => {
    const known = converted.get(options.target) ?? convert(options);
    converted.set(options.target, known);
    // The SDK adds to what it is given.
    return { ...known };
  };
}
