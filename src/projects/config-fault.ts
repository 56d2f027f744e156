import { quote } from "../base/quote.ts";

/** What is wrong with a project config. */
export interface ConfigFault {
  readonly kind:
    | "empty"
    | "too_large"
    | "too_deep"
    | "not_unicode"
    | "not_json"
    | "not_an_object"
    | "field_missing"
    | "field_invalid";
  /** The field as a dotted path, such as `project.name`; null for the document itself. */
  readonly field: string | null;
  /** The value found, as shortened JSON; null if the field is missing. */
  readonly value: string | null;
  /** What the value must be, worded to follow "it". */
  readonly rule: string;
}

/**
 * Describes the fault in a sentence: the field, its value, the rule. Ends without a period.
 * @param configPath Path of the config, if known.
 */
export function describeConfigFault({ field, value, rule }: ConfigFault, configPath: string | null = null): string {
  const config = configPath === null ? "the config" : `the config ${quote(configPath)}`;
  const subject = field === null ? config : `field "${field}" of ${config}`;
  return `${subject} ${value === null ? "is missing" : `is ${value}`}: it ${rule}`;
}
