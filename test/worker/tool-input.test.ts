/** Arguments that do not fit are refused with the value, and with what to pass instead: for every argument of every tool. */
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { TOOLS } from "../../src/server/server.ts";
import { legacyTool, tool } from "../support/mcp.ts";

const FITTING: Readonly<Record<string, unknown>> = { directory: "/a", root: "/a", config: "{}", project: "shop" };

describe.each(TOOLS)("$name", ({ name, input }) => {
  const shape = Object.entries(input.shape);
  /** As clients are told. */
  const { properties = {} } = z.toJSONSchema(input) as { properties?: Record<string, { description?: string }> };
  const descriptionOf = (argument: string) => properties[argument]?.description ?? "";
  const required = shape.filter(([, schema]) => !schema.safeParse(undefined).success).map(([argument]) => argument);
  const fitting = Object.fromEntries(required.map((argument) => [argument, FITTING[argument]]));

  it.for(shape)("quotes a wrong %s and says what is wanted", async ([argument]) => {
    const answer = await tool(name, { ...fitting, [argument]: 5 });
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toContain(`${argument}: got 5. Wanted: ${descriptionOf(argument).split(";")[0]}`);
    if (descriptionOf(argument).startsWith("Id or exact name")) {
      expect((await tool(name, { ...fitting, [argument]: "" })).text).toContain(`${argument}: got "". Wanted: Id or`);
    }
  });

  it.for(required.map((argument) => [argument] as const))("says that %s is missing", async ([argument]) => {
    const { [argument]: _, ...rest } = fitting;
    const answer = await legacyTool(name, rest);
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toContain(`${argument}: missing. Wanted: `);
  });

  it("names an argument that it does not have, and those that it has", async () => {
    const { isError, text } = await tool(name, { ...fitting, sessionid: "x" });
    expect(isError).toBe(true);
    const takes =
      shape.length === 0 ? "This tool takes none" : `This tool takes ${Object.keys(input.shape).join(", ")}`;
    expect(text).toContain(`No such argument: "sessionid". ${takes}`);
  });
});
