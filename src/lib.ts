/**
 * Session context for MCP servers on Cloudflare Workers: the public surface of the package.
 * docs/embedding.md shows both ways to use it.
 */

export { describeFailure, failureResult } from "./author/describe-failure.ts";
export type { ServerSession, ToolResult } from "./author/server-session.ts";
export { sessionIdArgument } from "./author/tool-input.ts";
export type { TypedState } from "./author/typed-state.ts";
export type { LogFields, Logger } from "./base/log.ts";
export type { Caller, Era } from "./call/caller.ts";
export type { ToolFailure } from "./call/tool-failure.ts";
export { type BuildContext, type SessionAppOptions, sessionApp } from "./http/app.ts";
export type { Failure, PathFault, Result } from "./model/failure.ts";
export { ProjectCatalog } from "./projects/project-catalog.ts";
export type { ProjectFailure } from "./projects/project-failure.ts";
export type { Resolution, Tier } from "./projects/resolve-project.ts";
export type { SessionCount } from "./registry/registry-client.ts";
export { SessionRegistry } from "./registry/session-registry.ts";
export { SessionEntrypoint } from "./rpc/session-entrypoint.ts";
export type {
  Json,
  ServiceFailure,
  ServiceProps,
  ServiceResult,
  SessionService,
} from "./rpc/session-service.ts";
export type { SessionBindings } from "./session/bindings.ts";
export type { SessionContext } from "./session/session-context.ts";
export { SessionObject } from "./session/session-object.ts";
export type { SessionProject } from "./session/session-project.ts";
export type { StateFailure } from "./session/state-store.ts";
