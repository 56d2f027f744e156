/** A guarantee, a change of the source that breaks it, and the tests that must fail. */
import { fail, ok, type Result } from "../../src/model/failure.ts";

export interface Mutation {
  /** The guarantee, as a sentence. */
  readonly name: string;
  readonly file: string;
  /** Must occur exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** Test files of which at least one must fail. */
  readonly tests: readonly string[];
  /** Runs only tests whose name matches this regular expression, like `vitest -t`. */
  readonly only?: string;
}

/** Returns the source with the guarantee broken, or one line on why the mutation does not apply. */
export function applyMutation(source: string, { name, file, find, replace }: Mutation): Result<string, string> {
  const times = source.split(find).length - 1;
  if (find === "" || find === replace) return fail(`"${name}" changes nothing: write another find or replace`);
  if (times === 1) return ok(source.replace(find, () => replace));
  const quoted = JSON.stringify(find.length > 100 ? `${find.slice(0, 100)}…` : find);
  return fail(`"${name}" finds ${quoted} ${times} times in ${file}: must be once; adapt the mutation to the code`);
}
