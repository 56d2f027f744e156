import { MAX_OPERATION_PAIRS } from "../../registry/limits.ts";
import { OperationTally } from "../../registry/operations.ts";
import { RegistryClient } from "../../registry/registry-client.ts";
import type { SessionRegistry } from "../../registry/session-registry.ts";
import type { Config } from "../../settings/config.ts";
import { callsOf, type McpEvent } from "../edge/mcp-event.ts";
import { MAX_KNOWN_TOOLS } from "./limits.ts";

/** Outcomes that only an existing tool can have. */
const SHOWS_TOOL: ReadonlySet<string> = new Set(["ok", "tool_error", "streamed"]);

/** The platform objects needed to report after the response. */
interface Platform {
  readonly env: { readonly REGISTRY: DurableObjectNamespace<SessionRegistry> };
  readonly executionCtx: Pick<ExecutionContext, "waitUntil">;
}

/**
 * Counts tool calls for `/metrics`, by tool and outcome. Counts are kept in memory and sent to a registry shard in the
 * background, at most once per `operationFlushMs`. Best effort: counts are lost if the isolate is stopped before it
 * reports them, or if the report fails. Null if operation metrics are off.
 * @param tools Names that may become labels. Tools of other authors are learned from the server's answers; names that a
 *   client has made up count as `unknown`.
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
    // A long overdue report was cancelled along with the request that should have sent it.
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
