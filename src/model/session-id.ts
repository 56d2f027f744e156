/**
 * Session ids: `sess_` and the base64url of the 32-byte Durable Object id. The platform puts a keyed checksum into that
 * id, so that an id which was made up or mistyped is refused without waking an object.
 */

const PREFIX = "sess_";
const OBJECT_ID = /^[0-9a-f]{64}$/;
/** Two bits of the last character carry nothing: only the spelling that has both at zero is an id. */
const SESSION_ID = /^sess_[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/;

/** Length of every session id, in characters. */
export const SESSION_ID_LENGTH = PREFIX.length + 43;

/**
 * The session id of a Durable Object id in hex.
 * @throws Error if `objectId` is not 64 lower-case hex digits, which no Durable Object id ever is.
 */
export function encodeSessionId(objectId: string): string {
  if (!OBJECT_ID.test(objectId)) throw new Error(`Cannot encode object id "${objectId}": want 64 hex digits`);
  let bytes = "";
  for (let i = 0; i < objectId.length; i += 2) {
    bytes += String.fromCharCode(Number.parseInt(objectId.slice(i, i + 2), 16));
  }
  return PREFIX + btoa(bytes).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** The Durable Object id in hex that a session id stands for, or null if the text does not have the form of one. */
export function decodeSessionId(sessionId: string): string | null {
  if (!SESSION_ID.test(sessionId)) return null;
  const bytes = atob(sessionId.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes.charCodeAt(i)];
  return hex;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
