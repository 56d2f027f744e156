import { SERVER_ERROR } from "../edge/json-rpc.ts";
import { type HttpRefusal, WRITES } from "./refusal.ts";
import type { McpRequestContext } from "./request-context.ts";

/**
 * `DELETE /mcp`: the client of a legacy session says that it is over. Returns why it is not, or null.
 * @param named The session that the header names.
 */
export async function deleteSession(
  named: string | null,
  { stores, identity, event, chargeWrite }: McpRequestContext,
): Promise<HttpRefusal | null> {
  if (named === null) {
    const message = "DELETE ends the session of the Mcp-Session-Id header, which is missing";
    return { kind: "protocol", status: 400, code: SERVER_ERROR, message };
  }
  const session = stores.sessions.parse(named, true);
  if (!session.ok) return { kind: "session", failure: session.failure };
  event.sessionId = session.value.sessionId;
  // Ending a context is never refused, but a tombstone where nothing was stored is.
  const deleted = await stores.sessions.delete(session.value, identity.principal, await chargeWrite());
  if (deleted.ok) return null;
  if (deleted.failure.kind === "no_context") return { kind: "rate_limited", what: WRITES };
  return { kind: "session", failure: deleted.failure };
}
