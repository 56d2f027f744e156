import * as z from "zod";
import { quote } from "../base/quote.ts";
import { utf8Bytes } from "../base/utf8-bytes.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import type { ConfigFault } from "./config-fault.ts";
import { MAX_CONFIG_BYTES, MAX_CONFIG_DEPTH } from "./limits.ts";

/** Text of `min` to `max` characters, counted as JSON Schema counts them: code points, not UTF-16 units. */
const characters = (min: number, max: number) =>
  z
    .string("must be a string")
    // A JSON escape can encode half of a surrogate pair; the database cannot store it.
    .refine((text) => text.isWellFormed(), "must be valid Unicode, without half of a surrogate pair")
    .refine((text) => between(min, [...text].length, max), `must have ${min} to ${max} characters`)
    .meta({ minLength: min, maxLength: max });

const between = (min: number, n: number, max: number): boolean => min <= n && n <= max;

const dateTime = z.iso
  .datetime({ offset: true, error: 'must be a date-time with time zone, such as "2026-11-23T09:30:00Z"' })
  .optional();

const toggle = (byDefault: boolean) => z.boolean("must be true or false").default(byDefault);

/** The single source of validation, type and published JSON Schema. Unknown fields are kept. */
const schema = z.looseObject(
  {
    version: z
      .string("must be a string")
      .regex(/^\d+\.\d+$/, 'must be major.minor, two integers, such as "1.0"')
      .describe("Version of this file's format, major.minor"),
    project: z
      .looseObject(
        {
          name: characters(1, 255).describe("The project's name; upper and lower case differ"),
          // Any 128 bits in UUID form, as databases accept them: version and variant are not checked.
          id: z
            .guid('must be a UUID, such as "6f1c2d3e-4b5a-4978-8a6b-5c4d3e2f1a0b", or be left out')
            .optional()
            .describe("The project's UUID. Left out, one is made when the project is registered, and kept"),
        },
        "must be an object",
      )
      .describe("The project that this directory belongs to"),
    auto_switch: toggle(true).describe("Whether a session that enters this directory switches to the project"),
    strict_mode: toggle(false).describe("Whether calls that name another project are refused here"),
    dry_run: toggle(false).describe("Whether to report what would switch, and change nothing"),
    description: characters(0, 1000).optional().describe("For people"),
    created_at: dateTime,
    updated_at: dateTime,
  },
  "must be a JSON object",
);

/** A valid `.codebase-mcp/config.json` or `.workflow-mcp/config.json`, with defaults filled in. */
export type ProjectConfig = z.output<typeof schema>;

/** The JSON Schema of the config file, for editors. */
export const projectConfigJsonSchema = (): Record<string, unknown> => ({
  title: "Project config of mcp-session-context",
  ...z.toJSONSchema(schema, { io: "input" }),
});

/** Validates a config, given as file text or as an object. Reports the first fault, in a fixed order. */
export function parseProjectConfig(input: string | object): Result<ProjectConfig, ConfigFault> {
  const text = typeof input === "string" ? ok(input) : textOf(input);
  if (!text.ok) return text;
  const document = parseText(text.value);
  if (!document.ok) return document;
  const parsed = schema.safeParse(document.value);
  return parsed.success ? ok(parsed.data) : fail(firstFault(parsed.error.issues, document.value));
}

/** Serialises an inline object as the text of a config file. */
function textOf(input: object): Result<string, ConfigFault> {
  const unfit = limitFault(input);
  if (unfit !== null) return fail(unfit);
  try {
    return ok(JSON.stringify(input));
  } catch {
    // RPC callers can pass values that JSON cannot represent, such as a bigint.
    return fail(documentFault("not_json", "an object with a value that JSON has no form for", "must be JSON"));
  }
}

function parseText(source: string): Result<unknown, ConfigFault> {
  // Editors on Windows write a byte order mark, and clients pass it on.
  const text = source.replace(/^\ufeff/, "");
  const size = utf8Bytes(text);
  if (text.trim() === "") return fail(documentFault("empty", quote(text), "must be the content of the config file"));
  if (size > MAX_CONFIG_BYTES) return fail(tooLarge(`${size} bytes`));
  if (!text.isWellFormed()) {
    return fail(documentFault("not_unicode", quote(text), "must be valid Unicode, as every UTF-8 file is"));
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    const reason = (error as SyntaxError).message.slice(0, 200).toWellFormed();
    return fail(documentFault("not_json", quote(text), `must be valid JSON (${reason})`));
  }
  const unfit = limitFault(document);
  return unfit === null ? ok(document) : fail(unfit);
}

/** Checks depth and size with a bounded walk: an inline object may be cyclic, or contain the same part many times. */
function limitFault(document: unknown): ConfigFault | null {
  let values = 0;
  const walk = (value: unknown, depth: number): ConfigFault | null => {
    // Each value takes at least one byte of JSON.
    if (++values > MAX_CONFIG_BYTES) return tooLarge(`more than ${MAX_CONFIG_BYTES} bytes`);
    if (typeof value !== "object" || value === null) return null;
    if (depth === MAX_CONFIG_DEPTH) {
      const shown = `nested more than ${MAX_CONFIG_DEPTH} levels deep`;
      return documentFault("too_deep", shown, `must be nested at most ${MAX_CONFIG_DEPTH} levels deep`);
    }
    for (const part of Object.values(value)) {
      const fault = walk(part, depth + 1);
      if (fault !== null) return fault;
    }
    return null;
  };
  return walk(document, 0);
}

type Issue = z.core.$ZodIssue;

/** The order of checks in the original project; all other issues follow in schema order. */
function rank({ path, code }: Issue, value: unknown): number {
  const field = path.join(".");
  const missing = value === undefined;
  if (field === "version") return missing ? 0 : code === "invalid_type" ? 3 : 5;
  if (field === "project") return 1;
  if (field === "project.name" && code === "invalid_type") return missing ? 2 : 4;
  return 6;
}

function firstFault(issues: readonly Issue[], document: unknown): ConfigFault {
  const [first] = issues
    .map((issue) => ({ issue, value: valueAt(document, issue.path) }))
    .sort((a, b) => rank(a.issue, a.value) - rank(b.issue, b.value));
  if (first === undefined) throw new Error("Cannot name the fault of a config: want at least one issue");
  const { issue, value } = first;
  if (issue.path.length === 0) return documentFault("not_an_object", quote(value), issue.message);
  const field = issue.path.join(".");
  return value === undefined
    ? { kind: "field_missing", field, value: null, rule: MISSING[field] ?? issue.message }
    : { kind: "field_invalid", field, value: quote(value), rule: issue.message };
}

const MISSING: Readonly<Record<string, string>> = {
  version: 'must be the version of the config format, such as "1.0"',
  project: 'must be an object with the project\'s name, such as { "name": "my-project" }',
  "project.name": "must be a string of 1 to 255 characters",
};

const valueAt = (document: unknown, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, key) => (value as Record<PropertyKey, unknown> | undefined)?.[key], document);

const tooLarge = (shown: string): ConfigFault =>
  documentFault("too_large", shown, `must have at most ${MAX_CONFIG_BYTES} bytes of UTF-8`);

const documentFault = (kind: ConfigFault["kind"], value: string, rule: string): ConfigFault => ({
  kind,
  field: null,
  value,
  rule,
});
