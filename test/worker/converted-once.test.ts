import { expect, it, vi } from "vitest";
import * as z from "zod";
import { convertedOnce } from "../../src/author/converted-once.ts";
import { portableSchema } from "../../src/author/portable-schema.ts";

it("converts a schema once for each direction and target, and returns copies that the SDK may extend", () => {
  const schema = z.object({ a: z.string().default("x"), b: z.number() });
  const standard = schema["~standard"] as unknown as Record<
    "jsonSchema",
    Record<"input" | "output", (options: object) => Record<string, unknown>>
  >;
  const want = {
    input: portableSchema(standard.jsonSchema.input({ target: "draft-2020-12" })),
    output: portableSchema(standard.jsonSchema.output({ target: "draft-2020-12" })),
  };
  const input = vi.fn(standard.jsonSchema.input);
  Object.defineProperty(schema, "~standard", {
    configurable: true,
    value: { ...standard, jsonSchema: { ...standard.jsonSchema, input } },
  });
  const once = convertedOnce(schema)["~standard"] as unknown as typeof standard;
  const first = once.jsonSchema.input({ target: "draft-2020-12" });
  expect(first).toEqual(want.input);
  first.type = "broken";
  expect(once.jsonSchema.input({ target: "draft-2020-12" })).toEqual(want.input);
  expect(once.jsonSchema.output({ target: "draft-2020-12" })).toEqual(want.output);
  expect(input).toHaveBeenCalledTimes(1);
  expect(schema.parse({ b: 1 })).toEqual({ a: "x", b: 1 });
});
