/** Invalid arguments are refused with their value and what to pass instead, for every argument of every tool. */
import { env } from "cloudflare:workers";
import { McpServer } from "@modelcontextprotocol/server";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as z from "zod";
import { failureResult } from "../../src/author/describe-failure.ts";
import { sessionIdArgument } from "../../src/author/tool-input.ts";
import { type BuildContext, sessionApp } from "../../src/http/app.ts";
import { TOOLS } from "../../src/server/server.ts";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";
import { callTool, ERAS, sendTo } from "../support/apps.ts";
import { initialize, legacyTool, tool } from "../support/mcp.ts";

const FITTING: Readonly<Record<string, unknown>> = {
  directory: "/a",
  root: "/a",
  config: '{"version":"1.0","project":{"name":"shop"}}',
};

/** A new id, well-formed and minted by this server. */
const SESSION_IDS = /sess_[A-Za-z0-9_-]{43}/g;
const mint = () => new Sessions(env.SESSIONS, parseConfig({})).mint().sessionId;

/** A result without the parts that differ between calls. */
const lasting = (answer: unknown): string =>
  JSON.stringify(answer)
    .replaceAll(SESSION_IDS, "SESSION")
    .replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "TIME")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "UUID");

/** Calls in both eras, each with its own session that has a context. */
async function inBothEras(name: string, args: Record<string, unknown>): Promise<string[]> {
  const header = await initialize();
  await legacyTool("set_working_directory", { directory: "/here" }, header);
  const legacy = await legacyTool(name, args, header);
  // The count of all sessions grows with each that this test opens.
  const answers = [legacy, await tool(name, args)].map(({ text, data, ...rest }) =>
    name === "get_session_count" ? { ...rest, session: data.session_id } : { ...rest, text, data },
  );
  return answers.map(lasting);
}

describe.each(TOOLS)("$name", ({ name, input }) => {
  const shape = Object.entries(input.shape);
  const isRequired = (argument: string) => !input.shape[argument]?.safeParse(undefined).success;
  const required = shape.map(([argument]) => argument).filter(isRequired);
  const optional = shape.map(([argument]) => argument).filter((argument) => !isRequired(argument));
  const fitting = Object.fromEntries(required.map((argument) => [argument, FITTING[argument]]));
  const published = input["~standard"].jsonSchema.input({ target: "draft-2020-12" }) as {
    properties: Record<string, { description: string }>;
    required?: string[];
  };

  it("takes session_id, and lists its required arguments", () => {
    expect(optional).toContain("session_id");
    expect(published.required ?? []).toEqual(required);
  });

  it.for(shape)("quotes a wrong %s and says what is expected", async ([argument]) => {
    const answer = await tool(name, { ...fitting, [argument]: 5 });
    expect(answer).toMatchObject({ status: 200, isError: true });
    expect(answer.text).toContain(`${argument}: got 5. Wanted: ${published.properties[argument]?.description}`);
  });

  it.for(required.map((argument) => [argument] as const))("reports that %s is missing", async ([argument]) => {
    const { [argument]: _, ...rest } = fitting;
    for (const [args, said] of [
      [rest, "missing"],
      [{ ...rest, [argument]: null }, "got null"],
    ] as const) {
      const answer = await legacyTool(name, args);
      expect(answer).toMatchObject({ status: 200, isError: true });
      expect(answer.text).toContain(`${argument}: ${said}. Wanted: `);
    }
    // The unknown argument may be the missing one.
    expect((await tool(name, { ...rest, quux: "/a" })).text).toContain('No such argument: "quux". This tool takes ');
  });

  it("treats an optional argument that is null or empty as absent, in both eras", async () => {
    const blank = fc.record(Object.fromEntries(optional.map((argument) => [argument, fc.constantFrom(null, "")])), {
      requiredKeys: [],
    });
    const want = await inBothEras(name, fitting);
    await fc.assert(
      fc.asyncProperty(blank, async (blanks) => {
        expect(await inBothEras(name, { ...blanks, ...fitting })).toEqual(want);
      }),
      { numRuns: 6, examples: [[Object.fromEntries(optional.map((argument) => [argument, null]))]] },
    );
  });

  it("matches names regardless of case, underscores and hyphens", async () => {
    const call = async (rename: (argument: string) => string) => {
      const session_id = mint();
      await tool("set_working_directory", { directory: "/here", session_id });
      const args = Object.entries({ ...fitting, session_id }).map(([argument, value]) => [rename(argument), value]);
      const { data, text, isError } = await tool(name, Object.fromEntries(args));
      if (!isError) expect(data.session_id).toBe(session_id);
      return name === "get_session_count" ? isError : lasting({ data, text, isError });
    };
    const want = await call((argument) => argument);
    for (const rename of [camel, upper, kebab]) expect(await call(rename)).toBe(want);
  });

  it("ignores unknown arguments, and lists them in the text", async () => {
    for (const call of [legacyTool, tool]) {
      const { text } = await call(name, { ...fitting, toolCallId: "c1", conversation_id: "x", constructor: {} });
      const said = `Ignored, because ${name} has no such argument: "toolCallId", "conversation_id", "constructor"`;
      expect(text.split("\n").at(-1)).toBe(said);
    }
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`x${n}`, n]));
    expect((await tool(name, { ...fitting, ...many })).text).toMatch(/"x4" and 995 more$/);
  });

  it("refuses an argument that must be misspelt, and lists the valid ones", async () => {
    for (const misspelt of ["sesion_id", "session", "session_idd", "sessoinId"]) {
      const { isError, text } = await tool(name, { ...fitting, [misspelt]: "x" });
      expect(isError, misspelt).toBe(true);
      expect(text).toContain(`No such argument: "${misspelt}". This tool takes ${Object.keys(input.shape).join(", ")}`);
    }
  });
});

const camel = (argument: string): string => argument.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());
const upper = (argument: string): string => argument.toUpperCase();
const kebab = (argument: string): string => argument.replaceAll("_", "-");

it.each(TOOLS.filter(({ name }) => name !== "list_sessions"))(
  "the text of $name contains what the data does: session_id, working directory, project",
  async ({ name, input }) => {
    const config = FITTING.config;
    const session_id = mint();
    await tool("set_working_directory", { directory: "/taught", config, session_id });
    const required = Object.keys(input.shape).filter(
      (argument) => !input.shape[argument]?.safeParse(undefined).success,
    );
    const args = Object.fromEntries(required.map((argument) => [argument, FITTING[argument]]));
    const { text } = await tool(name, {
      ...args,
      session_id,
      ...(name === "set_working_directory" && { directory: "/taught" }),
    });
    expect(text).toContain(session_id);
    // Neither shows a context: one counts all sessions, the other has just deleted both.
    if (name === "get_session_count" || name === "end_session") return;
    expect(text).toContain("/taught");
    expect(text).toContain('Project "shop"');
  },
);

it("prefers the exact name, and reports the other as ignored", async () => {
  const [mine, other] = [mint(), mint()];
  const { data, text } = await tool("set_working_directory", { sessionId: other, directory: "/a", session_id: mine });
  expect(data.session_id).toBe(mine);
  expect(text).toContain('no such argument: "sessionId"');
  // Unless the exact one is absent.
  const filled = await tool("get_working_directory", { sessionId: mine, session_id: null });
  expect(filled.data).toMatchObject({ session_id: mine, working_directory: "/a" });
});

it("get_session_count and list_sessions show the session, and refuse an invalid id", async () => {
  const session_id = mint();
  const count = await tool("get_session_count", { session_id });
  expect(count.data.session_id).toBe(session_id);
  expect(count.text).toContain(session_id);
  const header = await initialize();
  expect((await legacyTool("get_session_count", {}, header)).data.session_id).toBe(header);
  expect((await tool("get_session_count")).data.session_id).toBeNull();
  for (const name of ["get_session_count", "list_sessions"]) {
    expect((await tool(name, { session_id: "sess_x" })).text).toContain("is not a session of this server");
  }
});

it.each(ERAS)("an author's session_id that is null or empty counts as absent (%s)", async (era) => {
  const buildServer = ({ session }: BuildContext) => {
    const server = new McpServer({ name: "author", version: "1" });
    const inputSchema = z.object({ session_id: sessionIdArgument });
    server.registerTool("begin", { inputSchema }, async ({ session_id }) => {
      const set = await session.setWorkingDirectory("/author", session_id);
      return set.ok ? { content: [], structuredContent: { created: set.value.created } } : failureResult(set.failure);
    });
    return server;
  };
  const send = sendTo(
    sessionApp({
      config: parseConfig({ LOG_LEVEL: "error", RATE_LIMITS: "off", OPERATION_METRICS: "off" }),
      buildServer,
    }),
  );
  for (const args of [{}, { session_id: null }, { session_id: "" }]) {
    const { json } = await send(callTool("begin", args, { era }));
    expect(json.result?.structuredContent, JSON.stringify(args)).toEqual({ created: true });
  }
  const inputSchema = z.toJSONSchema(z.object({ session_id: sessionIdArgument }), { io: "input" });
  expect(inputSchema).toMatchObject({ properties: { session_id: { type: "string" } } });
  expect(inputSchema).not.toHaveProperty("required");
  expect((await send(callTool("begin", { session_id: "sess_x" }, { era }))).json.result?.isError).toBe(true);
});
