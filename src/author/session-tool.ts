import type { ToolAnnotations } from "@modelcontextprotocol/server";
import type * as z from "zod";
import type { SessionCall } from "../call/session-call.ts";
import type { ToolFailure } from "../call/tool-failure.ts";
import type { Result } from "../model/failure.ts";
import { convertedOnce } from "./converted-once.ts";
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
  /** Its failures in words, where `describeFailure` does not say enough. */
  readonly describe?: (failure: ToolFailure) => string;
  run(
    args: z.output<Input>,
    call: SessionCall,
    client: string | null,
  ): Promise<Result<ToolAnswer<z.input<Output>>, ToolFailure>>;
}

/** Ties the types of one tool together and forgets them again, so that tools of all kinds fit into one list. */
export const defineTool = <I extends z.ZodObject, O extends z.ZodObject>(tool: SessionTool<I, O>): SessionTool =>
  ({ ...tool, input: convertedOnce(tool.input), output: convertedOnce(tool.output) }) as unknown as SessionTool;
