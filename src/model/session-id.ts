/**
 * Session ids: `sess_` and the base64url of the 32-byte Durable Object id. That id contains a keyed checksum of the platform,
 * so that invented or mistyped ids are refused without waking an object.
 */

const PREFIX = "sess_";
const OBJECT_ID = /^[0-9a-f]{64}$/;
/** The last character has two unused bits: only the form with both at zero is an id. */
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

/** The Durable Object id of a session id, in hex; null if the text does not have the form of a session id. */
export function decodeSessionId(sessionId: string): string | null {
  if (!SESSION_ID.test(sessionId)) return null;
  const bytes = atob(sessionId.slice(PREFIX.length).replaceAll("-", "+").replaceAll("_", "/"));
  let hex = "";
  for (let i = 0; i < bytes.length; i++) hex += HEX[bytes.charCodeAt(i)];
  return hex;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
