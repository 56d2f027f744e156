type JsonSchema = Record<string, unknown>;

/**
 * The part of a JSON Schema that every client can pass on to its model. Clients convert what a server publishes for the API of their
 * model, and some give up the whole list for one keyword that they do not know. Leaving a keyword out only makes a schema more
 * permissive, and the server checks what comes: so unions are left out too, and what may be null has no type.
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
