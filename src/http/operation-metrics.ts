import type { Config } from "../config.ts";
import { MAX_KNOWN_TOOLS } from "../constants.ts";
import { OperationCounter } from "../registry/operation-counter.ts";
import { Registry } from "../registry/registry.ts";
import type { SessionRegistry } from "../registry/session-registry.ts";
import { callsOf } from "./finished-calls.ts";
import type { McpEvent } from "./mcp-event.ts";

/** Only a tool that the server has answers like this. */
const SHOWS_TOOL: ReadonlySet<string> = new Set(["ok", "tool_error", "streamed"]);

/** What of a request's platform it takes to report later. */
interface Platform {
  readonly env: { readonly REGISTRY: DurableObjectNamespace<SessionRegistry> };
  readonly executionCtx: Pick<ExecutionContext, "waitUntil">;
}

/**
 * Counts the tool calls of requests for `/metrics`, by tool and outcome. Nothing but memory at the time of the request; a
 * while later, at most once in `operationFlushMs`, one call to a registry shard, which the response does not wait for.
 * Null if the deployment does not want it.
 * @param tools Names that may become labels. Those of other authors' tools are learnt from the server's answers; what a
 *   client has made up counts as `unknown`.
 */
export function countOperations(
  config: Pick<Config, "operationFlushMs" | "registryShards" | "jurisdiction" | "logLevel">,
  tools: readonly string[],
) {
  const { operationFlushMs: flushMs, registryShards } = config;
  if (flushMs === null) return null;
  const counter = new OperationCounter(flushMs);
  const known = new Set(tools);
  /** One shard for each isolate: it must know a batch again. */
  let shard: number | null = null;

  return (event: McpEvent, platform: Platform): void => {
    let due = false;
    for (const { tool, outcome } of callsOf(event)) {
      if (SHOWS_TOOL.has(outcome) && known.size < MAX_KNOWN_TOOLS) known.add(tool);
      due = counter.count(known.has(tool) ? tool : "unknown", outcome, Date.now()) || due;
    }
    if (!due) return;
    shard ??= Math.floor(Math.random() * registryShards);
    const to = shard;
    const registry = new Registry(platform.env.REGISTRY, config);
    const flush = async () => {
      await scheduler.wait(flushMs);
      await counter.flush((batch) => registry.addOperations(to, batch), Date.now());
    };
    platform.executionCtx.waitUntil(flush());
  };
}
