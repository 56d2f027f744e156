import type { CallToolResult } from "@modelcontextprotocol/server";
import type { Logger } from "../base/log.ts";
import { INTERNAL_ERROR, type SessionCall } from "../call/session-call.ts";
import { describeFailure } from "./describe-failure.ts";
import { internalError } from "./internal-error.ts";
import { MAX_CLIENT_LENGTH } from "./limits.ts";
import type { SessionTool } from "./session-tool.ts";
import { ignoredText, type ToolArguments } from "./tool-input.ts";
import { answerResult, errorResult, withText } from "./tool-result.ts";

/** The client's name and version, if the message has them. */
type ClientInfo = { readonly name: string; readonly version: string } | undefined;

/** Runs a tool with checked arguments. Never throws: a bug becomes an error result that has only a reference. */
export async function runTool(
  { name, run, describe = describeFailure }: SessionTool,
  { values, ignored }: ToolArguments,
  call: SessionCall,
  client: ClientInfo,
  log: Logger,
): Promise<CallToolResult> {
  try {
    const result = await run(values, call, clientName(client, call));
    call.ended(result.ok ? "ok" : result.failure.kind);
    const said = result.ok ? answerResult(result.value) : errorResult(describe(result.failure));
    return ignored.length === 0 ? said : withText(said, ignoredText(name, ignored));
  } catch (error) {
    call.ended(INTERNAL_ERROR);
    const { reference } = internalError(error, log, "tool_threw", { tool: name });
    return errorResult(`Internal error in ${name}. Try again; if it persists, report reference ${reference}`);
  }
}

/** The client's name. Modern requests carry it; for legacy requests only the user agent is known. */
function clientName(client: ClientInfo, call: SessionCall): string | null {
  const name = client === undefined ? call.caller.userAgent : `${client.name}/${client.version}`;
  return name === null ? null : name.toWellFormed().slice(0, MAX_CLIENT_LENGTH);
}
