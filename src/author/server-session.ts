import type { SessionCall } from "../call/session-call.ts";
import type { ToolFailure } from "../call/tool-failure.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import { parseWorkingDirectory } from "../model/working-directory.ts";
import type { Resolution } from "../projects/resolve-project.ts";
import type { SessionCount } from "../registry/registry-client.ts";
import type { SessionContext } from "../session/session-context.ts";
import { resolveFor } from "../session/session-project.ts";

/**
 * A promise of a value, or of an expected failure.
 * @example
 * ```ts
 * import type { ServerSession, ToolResult } from "mcp-session-context";
 *
 * const contextOf = (session: ServerSession): ToolResult<object> => session.get();
 * ```
 */
export type ToolResult<T> = Promise<Result<T, ToolFailure>>;

/**
 * The sessions of one request, for a server's tools. `sessionId` is the tool's `session_id` argument; without it, the session
 * is that of the `Mcp-Session-Id` header (legacy era), or none. Each method except `list` makes at most one call to a session
 * object.
 * @example
 * ```ts
 * import type { ServerSession } from "mcp-session-context";
 *
 * async function tour(session: ServerSession) {
 *   const set = await session.setWorkingDirectory("/home/me/project");
 *   if (!set.ok) return set.failure;
 *   const { sessionId } = set.value;
 *   const got = await session.get(sessionId);
 *   const project = await session.resolveProject(null, sessionId);
 *   const count = await session.count();
 *   const mine = await session.list();
 *   await session.end(sessionId);
 *   return { got, project, count, mine };
 * }
 * ```
 */
export class ServerSession {
  /** @internal For the tools of this project's own server. */
  readonly call: SessionCall;

  /** @internal */
  constructor(call: SessionCall) {
    this.call = call;
  }

  /**
   * Sets the working directory, an absolute path in any style. Opens a session if the call has none, and begins a context if
   * the session has none. Fails with `path_invalid`.
   */
  async setWorkingDirectory(
    directory: string,
    sessionId?: string,
  ): ToolResult<{ sessionId: string; created: boolean; context: SessionContext }> {
    const path = parseWorkingDirectory(directory);
    if (!path.ok) return fail({ kind: "path_invalid", argument: "directory", fault: path.failure, path: directory });
    const request = { workingDirectory: path.value, config: null, client: this.call.caller.userAgent };
    const set = await this.call.set(sessionId, request);
    if (!set.ok) return set;
    const { created, context } = set.value;
    return ok({ sessionId: context.sessionId, created, context });
  }

  /** The session of the call, and its context without its state; each is null if there is none. */
  get(sessionId?: string): ToolResult<{ sessionId: string | null; context: SessionContext | null }> {
    return this.call.get(sessionId);
  }

  /** Deletes context and state; the id stays usable. `ended` is true if there was a context. */
  end(sessionId?: string): ToolResult<{ sessionId: string | null; ended: boolean }> {
    return this.call.end(sessionId);
  }

  /**
   * Resolves the project that the session works on, and why; `project` names one by id or exact name. Fails with
   * `project_not_found`, `project_ambiguous`, `project_mismatch` or `config_invalid`, or with `no_context` for an anonymous
   * caller without a session.
   */
  async resolveProject(
    project: string | null = null,
    sessionId?: string,
  ): ToolResult<Resolution & { sessionId: string | null }> {
    const reply = await this.call.project(sessionId, { explicit: project });
    if (!reply.ok) return reply;
    const { context, explicit, active } = reply.value;
    const resolved = resolveFor(context, { explicit, active });
    return resolved.ok ? ok({ sessionId: reply.value.sessionId, ...resolved.value }) : resolved;
  }

  /** The number of sessions with a context on this server. Exact, or fails with `registry_unavailable`. */
  count(): ToolResult<SessionCount> {
    return this.call.count();
  }

  /**
   * The caller's own sessions, newest first, in pages; `cursor` is the `nextCursor` of the previous page. `unanswered` lists the
   * ids of sessions that did not respond. Fails with `anonymous_refused` for callers without an identity, and with `cursor_invalid`.
   */
  async list(
    cursor?: string,
  ): ToolResult<{ contexts: SessionContext[]; unanswered: string[]; nextCursor: string | null }> {
    const page = await this.call.list(cursor);
    if (!page.ok) return page;
    const { sessions, nextCursor } = page.value;
    return ok({
      contexts: sessions.flatMap(({ context }) => context ?? []),
      unanswered: sessions.flatMap(({ sessionId, context }) => (context === null ? sessionId : [])),
      nextCursor,
    });
  }
}
