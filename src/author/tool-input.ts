import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import * as z from "zod";
import { quote } from "../base/quote.ts";
import { convertedOnce } from "./converted-once.ts";
import { MAX_ARGUMENTS_IN_TEXT } from "./limits.ts";
import { isBlank, matchArguments } from "./match-arguments.ts";

/** The arguments of a tool. What does not fit is refused with the value and with what to pass instead. */

const SESSION_ID =
  "session_id of an earlier result. Omit it only if there is none yet, or if your client keeps the session";

/** The checked arguments of one call. */
export interface ToolArguments<Values = Record<string, unknown>> {
  readonly values: Values;
  /** Names that the call has and the tool does not. */
  readonly ignored: readonly string[];
}

/** What a tool takes: how it is published, and how a call's arguments are matched and checked. */
export interface ToolInput<Values = Record<string, unknown>>
  extends StandardSchemaWithJSON<Record<string, unknown>, ToolArguments<Values>> {
  readonly shape: Readonly<Record<string, z.ZodType>>;
  check(given: Readonly<Record<string, unknown>>): StandardResult<ToolArguments<Values>>;
}

type Issue = { readonly message: string; readonly path?: readonly PropertyKey[] };
type StandardResult<T> =
  | { readonly value: T; readonly issues?: undefined }
  | { readonly issues: readonly Issue[]; readonly value?: undefined };

/**
 * All arguments of a tool. The SDK and our own fast way both check through `check`, so that they treat a call alike.
 * An argument that the tool does not have is ignored and reported, unless it can only be a misspelt one: a mistyped `sesion_id` must
 * not mean another session.
 */
export function toolInput<Shape extends Record<string, z.ZodType>>(
  shape: Shape,
): ToolInput<z.output<z.ZodObject<Shape>>> {
  const schema = convertedOnce(z.object(shape));
  const names = Object.keys(shape);
  const optional = new Set(names.filter((name) => shape[name]?.safeParse(undefined).success));
  type Values = z.output<typeof schema>;

  function check(given: Readonly<Record<string, unknown>>): StandardResult<ToolArguments<Values>> {
    const { values, ignored, misspelt } = matchArguments(given, names, optional);
    const parsed = schema.safeParse(values);
    if (parsed.success && misspelt.length === 0) return { value: { values: parsed.data, ignored } };
    const issues: Issue[] = parsed.success ? [] : [...parsed.error.issues];
    // Of a call that is refused anyway, every unknown name may be what the model meant.
    const unknown = parsed.success ? misspelt : ignored;
    if (unknown.length > 0) issues.push({ message: `No such argument: ${list(unknown)}. ${takes(names)}` });
    return { issues };
  }

  const { jsonSchema } = (schema as unknown as StandardSchemaWithJSON)["~standard"];
  const validate = (given: unknown) => check((given ?? {}) as Record<string, unknown>);
  return { shape, check, "~standard": { version: 1, vendor: "mcp-session-context", validate, jsonSchema } };
}

/** Tells a model which of its arguments had no effect. */
export const ignoredText = (tool: string, ignored: readonly string[]): string =>
  `Ignored, because ${tool} has no such argument: ${list(ignored)}`;

/** A text, described as the model is told. */
export const textArgument = (description: string) => z.string(refusalWith(description)).describe(description);

/**
 * The content of a config file, as the object in it or as its text. Published as text alone: a union is more than some clients can
 * pass on, and an object without known members is an empty one to others.
 */
export const configArgument = (description: string) =>
  z
    .union([z.string(), z.record(z.string(), z.unknown())], refusalWith(description))
    .meta({ description, type: "string" });

/**
 * The argument by which a tool's input names its session. Every tool that reads or changes a session needs it. Null and "" count as
 * not given: models under a strict schema cannot leave an argument out.
 * @example
 * ```ts
 * import { sessionIdArgument } from "mcp-session-context";
 * import * as z from "zod";
 *
 * const inputSchema = z.object({ city: z.string(), session_id: sessionIdArgument });
 * ```
 */
export const sessionIdArgument: z.ZodOptional<z.ZodType<string | undefined>> = z
  .preprocess((value) => (isBlank(value) ? undefined : value), textArgument(SESSION_ID).optional())
  .optional();

/** The arguments of a tool that lists by pages. */
export const pageInput = toolInput({
  cursor: textArgument("next_cursor of an earlier result").optional(),
  session_id: sessionIdArgument,
});

function refusalWith(description: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      `${input === undefined ? "missing" : `got ${quote(input)}`}. Wanted: ${description}`,
  };
}

const takes = (names: readonly string[]): string => `This tool takes ${names.join(", ")}`;

function list(names: readonly string[]): string {
  const shown = names.slice(0, MAX_ARGUMENTS_IN_TEXT).map(quote);
  return names.length > shown.length ? `${shown.join(", ")} and ${names.length - shown.length} more` : shown.join(", ");
}
