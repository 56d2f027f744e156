/**
 * Session context for MCP servers on Cloudflare Workers: the public surface of the package.
 * docs/embedding.md shows both ways to use it.
 */
export type { SessionBindings } from "./bindings.ts";
export type { Config } from "./config.ts";
export type { Failure, PathFault, Result } from "./failure.ts";
export { type ServerContext, type SessionAppOptions, sessionApp } from "./http/app.ts";
export type { LogFields, Logger } from "./log.ts";
export type { Caller, Era, SessionCall, ToolFailure } from "./mcp/session-call.ts";
export { sessionIdArgument } from "./mcp/session-tool.ts";
export { failureResult } from "./mcp/tool-result.ts";
export type { TypedState } from "./mcp/typed-state.ts";
export { ProjectCatalog } from "./projects/project-catalog.ts";
export type { Resolution, Tier } from "./projects/resolve-project.ts";
export type { SessionCount } from "./registry/registry.ts";
export { SessionRegistry } from "./registry/session-registry.ts";
export {
  type Json,
  type ServiceFailure,
  type ServiceProps,
  type ServiceResult,
  SessionContextManager,
} from "./rpc/session-context-manager.ts";
export type { SessionContext } from "./session/session-context.ts";
export { SessionObject } from "./session/session-object.ts";
export type { SessionProject } from "./session/session-project.ts";
export type { StateFailure } from "./session/session-state.ts";
