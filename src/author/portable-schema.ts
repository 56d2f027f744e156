type JsonSchema = Record<string, unknown>;

/**
 * Reduces a JSON Schema to what every client can pass on to its model. Clients convert published schemas for the API of their model,
 * and some drop the whole tool list because of one unknown keyword. Omitting a keyword only makes a schema more permissive, and the
 * server checks all arguments anyway. So unions are omitted too, and nullable values have no type.
 */
export function portableSchema({
  type,
  description,
  properties,
  required,
  items,
  enum: values,
}: JsonSchema): JsonSchema {
  const members: JsonSchema = {
    type: typeof type === "string" ? type : undefined,
    description,
    properties: isSchema(properties) ? mapValues(properties) : undefined,
    required: Array.isArray(required) && required.length > 0 ? required : undefined,
    items: isSchema(items) ? portableSchema(items) : undefined,
    enum: values,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

const mapValues = (properties: JsonSchema): JsonSchema =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, portableSchema(schema as JsonSchema)]));

const isSchema = (value: unknown): value is JsonSchema => typeof value === "object" && value !== null;
