import { INVALID_PARAMS } from "../edge/json-rpc.ts";

/** An issue found by the SDK's validation: the path in the request, and what is wrong there. */
interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

interface ErrorAnswer {
  readonly jsonrpc: string;
  readonly id: unknown;
  readonly error: { readonly code: number; readonly message: string };
}

/**
 * The SDK answers a request that does not match its schema with -32603 and the validator's issues as text, as if the
 * server had a bug (`cursor: null`, no `clientInfo`). Converts such an error to -32602 with a readable message; null
 * for any other error.
 */
export function asInvalidParams({ jsonrpc, id, error }: ErrorAnswer): ErrorAnswer | null {
  const issues = issuesIn(error.message);
  if (issues === null) return null;
  const found = issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  return { jsonrpc, id, error: { code: INVALID_PARAMS, message: `Invalid params: ${found}` } };
}

/** The issues, if the text is a list of them and all concern the request's `params`. */
function issuesIn(text: string): Issue[] | null {
  if (!text.startsWith("[")) return null;
  try {
    const issues: unknown = JSON.parse(text);
    return Array.isArray(issues) && issues.length > 0 && issues.every(isAboutParams) ? issues : null;
  } catch {
    return null;
  }
}

const isAboutParams = (issue: Partial<Issue> | null): boolean =>
  Array.isArray(issue?.path) && issue.path[0] === "params" && typeof issue.message === "string";
