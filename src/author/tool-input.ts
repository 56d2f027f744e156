import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import * as z from "zod";
import { quote } from "../base/quote.ts";
import { convertedOnce } from "./converted-once.ts";
import { MAX_ARGUMENTS_IN_TEXT } from "./limits.ts";
import { isBlank, matchArguments } from "./match-arguments.ts";

/** The arguments of a tool. A refusal quotes the invalid value and says what to pass instead. */

const SESSION_ID =
  "session_id of an earlier result. Omit it only if there is none yet, or if your client keeps the session";

/** The checked arguments of one call. */
export interface ToolArguments<Values = Record<string, unknown>> {
  readonly values: Values;
  /** Names of arguments in the call that the tool does not have. */
  readonly ignored: readonly string[];
}

/** The input of a tool: its published schema, and how a call's arguments are matched and checked. */
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
 * Defines all arguments of a tool. The SDK and our own fast path both use `check`, so that they treat a call alike.
 * An unknown argument is ignored and reported, unless it can only be a misspelt one: that is refused, since a mistyped `sesion_id`
 * must not select another session.
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
    // If the call is refused anyway, report every unknown name: any of them may be a misspelling.
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

/** A text argument. The description is published, and repeated in refusals. */
export const textArgument = (description: string) => z.string(refusalWith(description)).describe(description);

/**
 * The content of a config file, as an object or as text. Published as text only: some clients cannot pass on a union, and others
 * treat an object without declared members as empty.
 */
export const configArgument = (description: string) =>
  z
    .union([z.string(), z.record(z.string(), z.unknown())], refusalWith(description))
    .meta({ description, type: "string" });

/**
 * The argument that names the session of a call. Every tool that reads or changes a session needs it. Null and "" count as omitted,
 * since models under a strict schema cannot omit an argument.
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

/** The arguments of a tool that lists in pages. */
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
