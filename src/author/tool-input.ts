import * as z from "zod";
import { quote } from "../base/quote.ts";

/** The arguments of a tool. What does not fit is refused with the value and with what to pass instead. */

/** All arguments of a tool. One that it does not have is refused: a mistyped `sessionid` must not mean another session. */
export const toolInput = <Shape extends z.core.$ZodLooseShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: (issue) =>
      issue.code === "unrecognized_keys" ? unknownArguments(issue.keys, Object.keys(shape)) : undefined,
  });

/** A text, described as the model is told. */
export const textArgument = (description: string) => z.string(refusalWith(description)).describe(description);

/** A text that is not empty. */
export const nameArgument = (description: string) => textArgument(description).min(1, refusalWith(description));

/** The content of a config file, as the object in it or as its text. */
export const configArgument = (description: string) =>
  z.union([z.string(), z.record(z.string(), z.unknown())], refusalWith(description)).describe(description);

/**
 * The argument by which a tool's input names its session. Every tool that reads or changes a session needs it.
 * @example
 * ```ts
 * import { sessionIdArgument } from "mcp-session-context";
 * import * as z from "zod";
 *
 * const inputSchema = z.object({ city: z.string(), session_id: sessionIdArgument });
 * ```
 */
export const sessionIdArgument = textArgument(
  "The session, as an earlier result named it. Leave it out only if this conversation has none yet or your client keeps the session itself",
).optional();

function refusalWith(description: string) {
  return {
    error: ({ input }: { readonly input?: unknown }) =>
      `${input === undefined ? "missing" : `got ${quote(input)}`}. Wanted: ${description}`,
  };
}

function unknownArguments(names: readonly string[], known: readonly string[]): string {
  const takes = known.length === 0 ? "This tool takes none" : `This tool takes ${known.join(", ")}`;
  return `No such argument: ${names.map(quote).join(", ")}. ${takes}`;
}
