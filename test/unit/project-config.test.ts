import { describe, expect, it } from "vitest";
import { type ConfigFault, describeConfigFault } from "../../src/projects/config-fault.ts";
import { parseProjectConfig, projectConfigJsonSchema } from "../../src/projects/project-config.ts";

const ID = "6f1c2d3e-4b5a-4978-8a6b-5c4d3e2f1a0b";
const valid = { version: "1.0", project: { name: "shop" } };

function faultOf(input: string | object): ConfigFault {
  const parsed = parseProjectConfig(input);
  if (parsed.ok) throw new Error(`Accepted ${JSON.stringify(input)}`);
  return parsed.failure;
}

const message = (input: string | object): string => describeConfigFault(faultOf(input));

function nested(levels: number): object {
  let value: object = {};
  for (let i = 1; i < levels; i++) value = { a: value };
  return value;
}

describe("a project config", () => {
  it("needs no more than a version and a project name, and has auto_switch on, strict_mode and dry_run off", () => {
    expect(parseProjectConfig(JSON.stringify(valid))).toEqual({
      ok: true,
      value: { ...valid, auto_switch: true, strict_mode: false, dry_run: false },
    });
  });

  it("may be given as the object in the file", () => {
    expect(parseProjectConfig(valid)).toEqual(parseProjectConfig(JSON.stringify(valid)));
  });

  it("keeps unknown fields, at the top and in project", () => {
    const config = { ...valid, $schema: "x", tool: { a: [1] }, project: { name: "shop", team: "blue" } };
    expect(parseProjectConfig(config)).toMatchObject({ ok: true, value: config });
  });
});

describe("a config with a field named like an inherited property", () => {
  it("stays a plain object", () => {
    const parsed = parseProjectConfig('{"__proto__":{"dry_run":true},"version":"1.0","project":{"name":"shop"}}');
    expect(parsed).toMatchObject({ ok: true, value: { dry_run: false } });
  });
});

describe("validation, in the original system's order, reports field, value and rule:", () => {
  it("readable", () => {
    expect(message("")).toBe('the config is "": it must be the content of the config file');
    expect(faultOf(" \n").kind).toBe("empty");
  });

  it("UTF-8", () => {
    expect(faultOf('{"version":"\ud800"}')).toMatchObject({ kind: "not_unicode", field: null });
    expect(message('{"version":"\ud800"}')).toContain("it must be valid Unicode");
  });

  it("a byte order mark at the start is skipped, one elsewhere is not", () => {
    const text = JSON.stringify(valid);
    expect(parseProjectConfig(`\ufeff${text}`)).toEqual(parseProjectConfig(text));
    expect(faultOf(`\ufeff\ufeff${text}`).kind).toBe("not_json");
    expect(faultOf(`${text}\ufeff`).kind).toBe("not_json");
  });

  it("JSON", () => {
    expect(faultOf("{version: 1}").kind).toBe("not_json");
    expect(message("{version: 1}")).toMatch(/^the config is "\{version: 1\}": it must be valid JSON \(.+\)$/);
    expect(message("[1]")).toBe("the config is [1]: it must be a JSON object");
    expect(faultOf("null").kind).toBe("not_an_object");
  });

  it.each([
    ["version present", {}, 'field "version" of the config is missing: it must be the version'],
    ["version present", { project: 1 }, 'field "version" of the config is missing'],
    ["project an object", { version: 1 }, 'field "project" of the config is missing: it must be an object'],
    [
      "project an object",
      { version: 1, project: "shop" },
      'field "project" of the config is "shop": it must be an object',
    ],
    ["project an object", { version: 1, project: null }, 'field "project" of the config is null: it must be an object'],
    ["project an object", { version: 1, project: [] }, 'field "project" of the config is []: it must be an object'],
    [
      "project.name present",
      { version: 1, project: {} },
      'field "project.name" of the config is missing: it must be a',
    ],
    [
      "version a string",
      { version: 1, project: { name: 2 } },
      'field "version" of the config is 1: it must be a string',
    ],
    [
      "name a string",
      { version: "x", project: { name: 2 } },
      'field "project.name" of the config is 2: it must be a str',
    ],
    [
      "version is major.minor",
      { version: "x", project: { name: "" } },
      'field "version" of the config is "x": it must be',
    ],
  ])("%s (%j)", (_, input, expected) => {
    expect(message(input)).toContain(expected);
    expect(message(JSON.stringify(input))).toBe(message(input));
  });

  it.each(["1", "1.", ".1", "1.0.0", "v1.0", "1.0 ", "1.0\n", "-1.0", "1.x", "١.٠"])(
    "version is major.minor integers, so %j is refused",
    (version) => {
      expect(message({ ...valid, version })).toMatch(/it must be major\.minor, two integers, such as "1\.0"$/);
    },
  );

  it("each before the next: of several faults the first in this order is reported, whatever the rest is", () => {
    const wrong = '{version: "\ud800"';
    expect(faultOf("\ufeff").kind).toBe("empty");
    expect(faultOf(`\ufeff${wrong}`).kind).toBe("not_unicode");
    expect(faultOf(wrong.toWellFormed()).kind).toBe("not_json");
    const project = { name: "", id: 7 };
    expect(faultOf({ project: 1, auto_switch: "no" }).field).toBe("version");
    expect(faultOf({ version: "x", project, description: 1 }).field).toBe("version");
    expect(faultOf({ version: "1.0", project, description: 1 }).field).toBe("project.name");
    expect(faultOf({ version: "1.0", project: { ...project, name: "a" }, description: 1 }).field).toBe("project.id");
  });

  it("a long value is shown shortened", () => {
    const fault = faultOf({ ...valid, version: "9".repeat(10_000) });
    expect(fault.value?.length).toBeLessThan(250);
  });
});

describe("the rest of the schema:", () => {
  it.each([
    ["project.name", "", { ...valid, project: { name: "" } }, "must have 1 to 255 characters"],
    ["project.name", "256", { ...valid, project: { name: "n".repeat(256) } }, "must have 1 to 255 characters"],
    ["project.name", "half a pair", JSON.stringify({ ...valid, project: { name: "\ud800" } }), "must be valid Unicode"],
    ["project.id", "not a UUID", { ...valid, project: { name: "a", id: "7" } }, "must be a UUID"],
    ["project.id", "a number", { ...valid, project: { name: "a", id: 7 } }, "must be a UUID"],
    ["description", "1001", { ...valid, description: "d".repeat(1001) }, "must have 0 to 1000 characters"],
    ["created_at", "a day", { ...valid, created_at: "2026-11-23" }, "must be a date-time"],
    ["updated_at", "no such day", { ...valid, updated_at: "2026-02-30T00:00:00Z" }, "must be a date-time"],
    ["auto_switch", "a text", { ...valid, auto_switch: "no" }, "must be true or false"],
    ["strict_mode", "null", { ...valid, strict_mode: null }, "must be true or false"],
    ["dry_run", "a number", { ...valid, dry_run: 1 }, "must be true or false"],
  ])("%s, %s, is refused", (field, _, input, rule) => {
    expect(faultOf(input)).toMatchObject({ kind: "field_invalid", field });
    expect(faultOf(input).rule).toContain(rule);
  });

  it("values at the limits are accepted; a character is a code point", () => {
    const config = {
      version: "10.20",
      project: { name: "😀".repeat(255), id: ID.toUpperCase() },
      description: "😀".repeat(1000),
      created_at: "2026-11-23T09:30:00Z",
      updated_at: "2026-11-23T09:30:00.123456+05:30",
      auto_switch: false,
      strict_mode: true,
      dry_run: true,
    };
    expect(parseProjectConfig(config)).toEqual({ ok: true, value: config });
  });

  it("64 KiB of UTF-8 are accepted and one byte more is not, as text or as an object", () => {
    const sized = (bytes: number) => {
      const rest = bytes - JSON.stringify({ ...valid, pad: "" }).length;
      return { ...valid, pad: "é".repeat(rest >> 1) + "x".repeat(rest & 1) };
    };
    expect(parseProjectConfig(sized(65_536)).ok).toBe(true);
    expect(parseProjectConfig(JSON.stringify(sized(65_536))).ok).toBe(true);
    expect(message(sized(65_537))).toBe("the config is 65537 bytes: it must have at most 65536 bytes of UTF-8");
    expect(faultOf(JSON.stringify(sized(65_537))).kind).toBe("too_large");
  });

  it("values nested deeper than 32 levels are refused, even infinitely deep ones", () => {
    expect(parseProjectConfig({ ...valid, deep: nested(31) }).ok).toBe(true);
    expect(faultOf({ ...valid, deep: nested(32) }).kind).toBe("too_deep");
    expect(faultOf(`{"a":${"[".repeat(32_000)}${"]".repeat(32_000)}}`).kind).toBe("too_deep");
    const cycle: Record<string, unknown> = { ...valid };
    cycle.self = cycle;
    expect(faultOf(cycle).kind).toBe("too_deep");
    let shared: unknown[] = [];
    for (let i = 0; i < 30; i++) shared = [shared, shared];
    expect(faultOf({ ...valid, shared }).kind).toBe("too_large");
    expect(faultOf({ ...valid, big: 1n }).kind).toBe("not_json");
  });
});

describe("the published JSON Schema", () => {
  it("is generated from the same source: required fields, limits, defaults, unknown fields allowed", () => {
    expect(projectConfigJsonSchema()).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      required: ["version", "project"],
      additionalProperties: {},
      properties: {
        version: { type: "string", pattern: "^\\d+\\.\\d+$" },
        project: {
          required: ["name"],
          properties: { name: { minLength: 1, maxLength: 255 }, id: { format: "uuid" } },
          additionalProperties: {},
        },
        description: { maxLength: 1000 },
        created_at: { format: "date-time" },
        updated_at: { format: "date-time" },
        auto_switch: { type: "boolean", default: true },
        strict_mode: { type: "boolean", default: false },
        dry_run: { type: "boolean", default: false },
      },
    });
  });
});
