import type { CallToolResult } from "@modelcontextprotocol/server";
import { MAX_CLIENT_LENGTH } from "../constants.ts";
import type { Logger } from "../log.ts";
import { INTERNAL_ERROR } from "./call-record.ts";
import { internalError } from "./internal-error.ts";
import type { SessionCall } from "./session-call.ts";
import type { SessionTool } from "./session-tool.ts";
import { answerResult, errorResult, failureResult } from "./tool-result.ts";

/** The message that calls a tool: its id, and what the client calls itself, where the message says so. */
export interface CallingMessage {
  readonly id: string | number;
  readonly client: { readonly name: string; readonly version: string } | undefined;
}

/** Runs a tool with checked arguments. Never throws: a bug becomes an error that tells a reference and nothing else. */
export async function runTool(
  { name, run }: SessionTool,
  args: Record<string, unknown>,
  call: SessionCall,
  { id, client }: CallingMessage,
  log: Logger,
): Promise<CallToolResult> {
  try {
    const result = await run(args, call, clientName(client, call));
    call.finished(id, result.ok ? "ok" : result.failure.kind);
    return result.ok ? answerResult(result.value) : failureResult(result.failure);
  } catch (error) {
    call.finished(id, INTERNAL_ERROR);
    const { reference } = internalError(error, log, "tool_threw", { tool: name });
    return errorResult(`Internal error in ${name}. Try again; if it stays, report reference ${reference}`);
  }
}

/** What the caller calls itself: modern requests carry it, of legacy ones only the user agent is known. */
function clientName(client: CallingMessage["client"], call: SessionCall): string | null {
  const name = client === undefined ? call.caller.userAgent : `${client.name}/${client.version}`;
  return name === null ? null : name.toWellFormed().slice(0, MAX_CLIENT_LENGTH);
}
