import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeSessionId, encodeSessionId, SESSION_ID_LENGTH } from "../../src/model/session-id.ts";

const objectId = fc.stringMatching(/^[0-9a-f]{64}$/);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

describe("session id", () => {
  it("is sess_ and 43 characters, and converts back to its object id", () => {
    fc.assert(
      fc.property(objectId, (hex) => {
        const id = encodeSessionId(hex);
        expect(id).toMatch(/^sess_[A-Za-z0-9_-]{43}$/);
        expect(id).toHaveLength(SESSION_ID_LENGTH);
        expect(decodeSessionId(id)).toBe(hex);
      }),
    );
  });

  it("has one spelling: another last character is another id or none", () => {
    fc.assert(
      fc.property(objectId, fc.constantFrom(...ALPHABET), (hex, last) => {
        const id = encodeSessionId(hex);
        const changed = id.slice(0, -1) + last;
        if (changed !== id) expect(decodeSessionId(changed)).not.toBe(hex);
      }),
    );
  });

  it("is refused in any other form", () => {
    const id = encodeSessionId("ab".repeat(32));
    for (const text of [
      "",
      "sess_",
      id.slice(5),
      `${id}A`,
      id.slice(0, -1),
      ` ${id}`,
      id.toUpperCase(),
      `${id}\n`,
      "default",
    ]) {
      expect(decodeSessionId(text), text).toBeNull();
    }
  });
});
