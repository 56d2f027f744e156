import { SERVER_ERROR } from "../edge/json-rpc.ts";
import { type HttpRefusal, WRITES } from "./refusal.ts";
import type { McpRequestContext } from "./request-context.ts";

/**
 * `DELETE /mcp`: ends a legacy session at its client's request. Returns why it could not, or null.
 * @param named The session in the header.
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
  // The write limit never prevents ending a context, but it prevents storing a tombstone where nothing was stored.
  const deleted = await stores.sessions.delete(session.value, identity.principal, await chargeWrite());
  if (deleted.ok) return null;
  if (deleted.failure.kind === "no_context") return { kind: "rate_limited", what: WRITES };
  return { kind: "session", failure: deleted.failure };
}
