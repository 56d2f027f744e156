import type { ToolAnnotations } from "@modelcontextprotocol/server";
import type * as z from "zod";
import type { SessionCall } from "../call/session-call.ts";
import type { ToolFailure } from "../call/tool-failure.ts";
import type { Result } from "../model/failure.ts";
import { convertedOnce } from "./converted-once.ts";
import type { ToolInput } from "./tool-input.ts";
import type { ToolAnswer } from "./tool-result.ts";

/** A tool, as data: `server.ts` registers it with the SDK. */
export interface SessionTool<Values = Record<string, unknown>, Output extends z.ZodObject = z.ZodObject> {
  readonly name: string;
  readonly title: string;
  /** Written for a model: when to call it, what it returns, what to do with the result. */
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: ToolInput<Values>;
  readonly output: Output;
  /** Describes the tool's failures, if `describeFailure` is not enough. */
  readonly describe?: (failure: ToolFailure) => string;
  run(
    args: Values,
    call: SessionCall,
    client: string | null,
  ): Promise<Result<ToolAnswer<z.input<Output>>, ToolFailure>>;
}

/** Checks the types of one tool and then erases them, so that all tools fit into one list. */
export const defineTool = <Values, O extends z.ZodObject>(tool: SessionTool<Values, O>): SessionTool =>
  ({ ...tool, output: convertedOnce(tool.output) }) as unknown as SessionTool;
