import { WorkerEntrypoint } from "cloudflare:workers";
import { utf8Bytes } from "../base/utf8-bytes.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import { servicePrincipal } from "../model/principal.ts";
import { parseWorkingDirectory } from "../model/working-directory.ts";
import type { Resolution } from "../projects/resolve-project.ts";
import { RegistryClient, type SessionCount } from "../registry/registry-client.ts";
import type { SessionBindings } from "../session/bindings.ts";
import type { SessionContext } from "../session/session-context.ts";
import { resolveFor } from "../session/session-project.ts";
import { type SessionRef, Sessions } from "../session/sessions.ts";
import { encodeState, type StateOperation } from "../session/state-store.ts";
import { configOf } from "../settings/config.ts";
import { MAX_SERVICE_SESSION_ID_BYTES } from "./limits.ts";
import type { Json, ServiceFailure, ServiceProps, ServiceResult, SessionService } from "./session-service.ts";

/**
 * Session context for other Workers, over a service binding. The caller chooses the session ids. They are scoped to the
 * service named in the binding's props, so two services using `session_1` have separate sessions. The first set begins a
 * context; reading an unknown id finds nothing and stores nothing. Every method except `getSessionCount` is one call to one
 * session object.
 * @example
 * ```ts
 * // In the main module of the Worker that stores the sessions. Callers bind it:
 * // [[services]]
 * // binding = "CONTEXT"
 * // service = "mcp-session-context"
 * // entrypoint = "SessionEntrypoint"
 * // props = { service = "notes" }
 * export { SessionEntrypoint } from "mcp-session-context";
 * ```
 */
export class SessionEntrypoint extends WorkerEntrypoint<SessionBindings, ServiceProps> implements SessionService {
  async setWorkingDirectory(
    sessionId: string,
    directory: string,
  ): ServiceResult<{ created: boolean; context: SessionContext }> {
    const path = parseWorkingDirectory(String(directory));
    if (!path.ok) {
      return fail({ kind: "path_invalid", argument: "directory", fault: path.failure, path: String(directory) });
    }
    const request = { workingDirectory: path.value, config: null, client: this.#client, region: null };
    return this.#on(sessionId, async (session, principal, sessions) => {
      const set = await sessions.set(session, principal, request);
      if (!set.ok) return set;
      const { created, context } = set.value;
      return ok({ created, context: { ...context, sessionId } });
    });
  }

  async getWorkingDirectory(sessionId: string): ServiceResult<string | null> {
    return this.#on(sessionId, async (session, principal, sessions) => {
      const got = await sessions.get(session, principal);
      return got.ok ? ok(got.value?.workingDirectory ?? null) : got;
    });
  }

  async getSessionContext(sessionId: string): ServiceResult<SessionContext | null> {
    return this.#on(sessionId, async (session, principal, sessions) => {
      const got = await sessions.get(session, principal);
      return got.ok ? ok(got.value && { ...got.value, sessionId }) : got;
    });
  }

  async endSession(sessionId: string): ServiceResult<boolean> {
    return this.#on(sessionId, async (session, principal, sessions) => {
      const ended = await sessions.end(session, principal);
      return ended.ok ? ok(ended.value.ended) : ended;
    });
  }

  async getSessionCount(): ServiceResult<SessionCount> {
    const { service } = this.ctx.props ?? {};
    if (!isName(service)) return fail({ kind: "service_unnamed" });
    return new RegistryClient(this.env.REGISTRY, configOf(this.env)).count(servicePrincipal(service));
  }

  async setState(sessionId: string, key: string, value: Json): ServiceResult<{ created: boolean }> {
    const text = encodeState(String(key), value);
    if (!text.ok) return text;
    const set = await this.#state(sessionId, { kind: "set", key: String(key), text: text.value });
    return set.ok ? ok({ created: set.value.created }) : set;
  }

  async getState(sessionId: string, key: string): ServiceResult<Json> {
    const got = await this.#state(sessionId, { kind: "get", key: String(key) });
    if (!got.ok) return got;
    return ok(got.value.before === null ? null : (JSON.parse(got.value.before) as Json));
  }

  async deleteState(sessionId: string, key: string): ServiceResult<boolean> {
    const deleted = await this.#state(sessionId, { kind: "delete", key: String(key) });
    return deleted.ok ? ok(deleted.value.before !== null) : deleted;
  }

  async listState(sessionId: string): ServiceResult<{ key: string; value: Json }[]> {
    const listed = await this.#state(sessionId, { kind: "list" });
    if (!listed.ok) return listed;
    return ok(listed.value.entries.map(({ key, text }) => ({ key, value: JSON.parse(text) as Json })));
  }

  async resolveProject(sessionId: string, project: string | null = null): ServiceResult<Resolution> {
    return this.#on(sessionId, async (session, principal, sessions) => {
      const reply = await sessions.project(session, principal, project, null);
      if (!reply.ok) return reply;
      const { context, explicit, active } = reply.value;
      return resolveFor(context, { explicit, active });
    });
  }

  async #state(sessionId: string, operation: StateOperation) {
    const begin = { region: null, client: this.#client, mayBegin: true };
    return this.#on(sessionId, (session, principal, sessions) => sessions.state(session, principal, operation, begin));
  }

  async #on<T>(
    sessionId: string,
    use: (session: SessionRef, principal: string, sessions: Sessions) => Promise<Result<T, ServiceFailure>>,
  ): Promise<Result<T, ServiceFailure>> {
    const { service } = this.ctx.props ?? {};
    if (!isName(service)) return fail({ kind: "service_unnamed" });
    if (!isName(sessionId)) return fail({ kind: "session_id_invalid", sessionId: String(sessionId).slice(0, 200) });
    const sessions = new Sessions(this.env.SESSIONS, configOf(this.env));
    const result = await use(sessions.named(service, sessionId), servicePrincipal(service), sessions);
    if (result.ok || !("sessionId" in result.failure)) return result;
    // Services know their sessions only by the ids that they have chosen.
    return fail({ ...result.failure, sessionId });
  }

  get #client(): string {
    return `service ${this.ctx.props?.service}`;
  }
}

const isName = (name: unknown): name is string =>
  typeof name === "string" &&
  name !== "" &&
  name.isWellFormed() &&
  // UTF-8 takes at most three bytes per UTF-16 unit.
  (name.length * 3 <= MAX_SERVICE_SESSION_ID_BYTES || utf8Bytes(name) <= MAX_SERVICE_SESSION_ID_BYTES);
