import type { ToolAnnotations } from "@modelcontextprotocol/server";
import { z } from "zod";
import type { Result } from "../failure.ts";
import type { SessionContext } from "../session/session-context.ts";
import type { SessionCall } from "./session-call.ts";
import type { ToolAnswer } from "./tool-result.ts";

/** A tool, as data: `server.ts` registers it with the SDK. */
export interface SessionTool<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** Written for a model: when to call it, what comes back, what to do with that. */
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: Input;
  readonly output: Output;
  run(args: z.output<Input>, call: SessionCall, client: string | null): Promise<Result<ToolAnswer<z.input<Output>>>>;
}

/** Ties the types of one tool together and forgets them again, so that tools of all kinds fit into one list. */
export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: SessionTool<I, O>): SessionTool =>
  tool as unknown as SessionTool;

export const sessionIdArgument = z
  .string()
  .optional()
  .describe(
    "The session, as an earlier result named it. Leave it out only if this conversation has none yet or your client keeps the session itself",
  );

/** What every result about a session carries. */
export const sessionOutput = {
  session_id: z.string().nullable().describe("The session; pass it to every later call. Null: this call names none"),
  working_directory: z.string().nullable().describe("The session's working directory; null if none is set"),
  expires_at: z.iso.datetime().nullable().describe("When the context is forgotten if nobody uses it before"),
};

/** The common part of a result, from a context or its absence. */
export const sessionPart = (sessionId: string | null, context: SessionContext | null) => ({
  session_id: sessionId,
  working_directory: context?.workingDirectory ?? null,
  expires_at: context === null ? null : isoTime(context.expiresAt),
});

export const isoTime = (ms: number): string => new Date(ms).toISOString();

/** What to do where there is no context: never set, expired or ended. */
export const noContextHint = (sessionId: string | null): string =>
  sessionId === null
    ? "This call names no session. Call set_working_directory with the absolute path of the project directory; pass the session_id of its result to every later call"
    : "This session has no working directory: none was set, it was ended, or it expired. Call set_working_directory with this session_id and the absolute path of the project directory";
