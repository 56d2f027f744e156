import { env } from "cloudflare:workers";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Sessions } from "../../src/session/sessions.ts";
import { parseConfig } from "../../src/settings/config.ts";

const sessions = new Sessions(env.SESSIONS, parseConfig({}));

describe("session ids of a namespace", () => {
  it("are accepted as minted, and refused with any one character changed", () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 47 }), fc.constantFrom(..."ABCxyz0189-_"), (at, character) => {
        const { sessionId } = sessions.mint();
        expect(sessions.parse(sessionId).ok).toBe(true);
        const changed = sessionId.slice(0, at) + character + sessionId.slice(at + 1);
        expect(sessions.parse(changed).ok).toBe(changed === sessionId);
      }),
      { numRuns: 500 },
    );
  });

  it("of another namespace are refused", () => {
    const foreign = new Sessions(env.REGISTRY as never, parseConfig({}));
    expect(sessions.parse(foreign.mint().sessionId)).toMatchObject({ ok: false, failure: { kind: "session_unknown" } });
  });
});
