import { MAX_OPERATION_PAIRS } from "../../registry/limits.ts";
import { OperationTally } from "../../registry/operations.ts";
import { RegistryClient } from "../../registry/registry-client.ts";
import type { SessionRegistry } from "../../registry/session-registry.ts";
import type { Config } from "../../settings/config.ts";
import { callsOf, type McpEvent } from "../edge/mcp-event.ts";
import { MAX_KNOWN_TOOLS } from "./limits.ts";

/** Only a tool that the server has answers like this. */
const SHOWS_TOOL: ReadonlySet<string> = new Set(["ok", "tool_error", "streamed"]);

/** What of a request's platform it takes to report later. */
interface Platform {
  readonly env: { readonly REGISTRY: DurableObjectNamespace<SessionRegistry> };
  readonly executionCtx: Pick<ExecutionContext, "waitUntil">;
}

/**
 * Counts the tool calls of requests for `/metrics`, by tool and outcome. At the time of the request that is memory only; a while later,
 * at most once in `operationFlushMs`, one call to a registry shard, which the response does not wait for. Best effort: what an isolate
 * has not reported when it is stopped is lost, and so is a report that fails. Null if the deployment does not want it.
 * @param tools Names that may become labels. Those of other authors' tools are learnt from the server's answers; what a
 *   client has made up counts as `unknown`.
 */
export function countOperations(
  config: Pick<Config, "operationFlushMs" | "registryShards" | "jurisdiction" | "logLevel">,
  tools: readonly string[],
) {
  const { operationFlushMs: flushMs, registryShards } = config;
  if (flushMs === null) return null;
  const known = new Set(tools);
  let tally = new OperationTally(MAX_OPERATION_PAIRS);
  let scheduledAt = Number.NEGATIVE_INFINITY;

  return (event: McpEvent, platform: Platform): void => {
    for (const { tool, outcome } of callsOf(event)) {
      if (SHOWS_TOOL.has(outcome) && known.size < MAX_KNOWN_TOOLS) known.add(tool);
      tally.add({ tool: known.has(tool) ? tool : "unknown", outcome, count: 1 });
    }
    const now = Date.now();
    // A report that is long overdue died with the request that was to send it.
    if (tally.isEmpty || now - scheduledAt < 2 * flushMs) return;
    scheduledAt = now;
    const report = async () => {
      await scheduler.wait(flushMs);
      scheduledAt = Number.NEGATIVE_INFINITY;
      const counts = tally.counts();
      tally = new OperationTally(MAX_OPERATION_PAIRS);
      const shard = Math.floor(Math.random() * registryShards);
      await new RegistryClient(platform.env.REGISTRY, config).addOperations(shard, counts);
    };
    platform.executionCtx.waitUntil(report());
  };
}
