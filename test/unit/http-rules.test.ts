import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { principalOf } from "../../src/http/access/auth-jwt.ts";
import { networkOf } from "../../src/http/access/rate-limit.ts";
import { parseBody } from "../../src/http/edge/json-body.ts";

const bytes = (text: string) => new TextEncoder().encode(text).buffer as ArrayBuffer;
const parse = (text: string) => parseBody(bytes(text));

describe("a message body", () => {
  it("is read like JSON.parse reads it, whatever its content within the limits", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        fc.pre(!text.includes("__proto__"));
        expect(parse(text)).toEqual({ ok: true, value: JSON.parse(text) });
      }),
    );
  });

  it("is measured outside of strings only", () => {
    expect(parse(JSON.stringify("[".repeat(1000)))).toMatchObject({ ok: true });
    expect(parse(JSON.stringify('\\"['.repeat(1000)))).toMatchObject({ ok: true });
  });

  it.each([
    ["[".repeat(64) + "]".repeat(64), null],
    ["[".repeat(65) + "]".repeat(65), "too_deep"],
    ["[".repeat(200_000), "too_deep"],
    ['{"a":'.repeat(65), "too_deep"],
    ["[],".repeat(1000), "not_json"],
    [`"${"a".repeat(260_000)}"`, null],
    [`"${"a".repeat(70_000)}`, "not_json"],
    ['"', "not_json"],
    ['"\\', "not_json"],
    ["", "not_json"],
    ['{"a":[{"__proto__":1}]}', "names_prototype"],
    ['{"\\u005f_proto__":1}', "names_prototype"],
    ['{"a":"__proto__"}', null],
  ])("%.30s… has the fault %s", (text, fault) => {
    expect(parse(text)).toMatchObject(fault === null ? { ok: true } : { ok: false, failure: fault });
  });
});

describe("the network of an address", () => {
  it.each([
    ["192.0.2.1", "192.0.2.1"],
    ["::ffff:192.0.2.1", "192.0.2.1"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::1", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["unknown", "unknown"],
  ])("%s is %s", (address, network) => expect(networkOf(address)).toBe(network));
});

describe("a principal", () => {
  it("identifies one issuer and one subject, and never equals the anonymous one or that of a static token", () => {
    const issuer = fc.webUrl().filter((url) => !url.includes("|"));
    const subject = fc.string({ minLength: 1, maxLength: 255, unit: "grapheme-ascii" });
    fc.assert(
      fc.property(issuer, subject, issuer, subject, (iss1, sub1, iss2, sub2) => {
        const same = iss1 === iss2 && sub1 === sub2;
        expect(principalOf(iss1, sub1) === principalOf(iss2, sub2)).toBe(same);
        expect(principalOf(iss1, sub1)).toMatch(/^https?:\/\//);
      }),
    );
    expect(principalOf("https://a.example", "b|c")).not.toBe(principalOf("https://a.example|b", "c|"));
  });
});
