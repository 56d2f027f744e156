import { utf8Bytes } from "../base/utf8-bytes.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import { MAX_STATE_BYTES, MAX_STATE_DEPTH, MAX_STATE_KEY_BYTES, MAX_STATE_KEYS } from "./limits.ts";

/**
 * Why a state operation is refused. Nothing was changed.
 * @example
 * ```ts
 * import type { StateFailure } from "mcp-session-context";
 *
 * const isFull = ({ kind }: StateFailure) => kind === "state_too_many_keys" || kind === "state_too_large";
 * ```
 */
export type StateFailure =
  | { readonly kind: "state_key_invalid"; readonly key: string }
  /** The value is not JSON; `path` is the path to the part that is not. */
  | { readonly kind: "state_value_invalid"; readonly key: string; readonly path: string }
  | { readonly kind: "state_too_many_keys"; readonly key: string; readonly limit: number }
  /** A conditional set found a value other than the expected one. */
  | { readonly kind: "state_conflict"; readonly key: string }
  /** The value does not match the schema that the server's author gave for this key; `problem` says why. */
  | { readonly kind: "state_mismatch"; readonly key: string; readonly problem: string }
  /** With this value the session's state would be `bytes` long. */
  | { readonly kind: "state_too_large"; readonly key: string; readonly bytes: number; readonly limit: number };

/** Values are JSON text, both in calls and in storage. */
export type StateOperation =
  | { readonly kind: "get"; readonly key: string }
  /** With `expected` the set is conditional: the stored text must equal it; null means no value. */
  | { readonly kind: "set"; readonly key: string; readonly text: string; readonly expected?: string | null }
  | { readonly kind: "delete"; readonly key: string }
  | { readonly kind: "list" };

/** The key's value before the operation, and for `list` all entries. */
export interface StateOutcome {
  readonly before: string | null;
  readonly entries: readonly StateEntry[];
}

export interface StateEntry {
  readonly key: string;
  readonly text: string;
}

const PREFIX = "state:";
/**
 * A value as the JSON text that is stored. Refuses what JSON would silently change or drop (dates, maps, undefined,
 * infinite numbers, cycles), so that what is read is what was written.
 */
export function encodeState(key: string, value: unknown): Result<string, StateFailure> {
  if (key === "" || !key.isWellFormed() || utf8Bytes(key) > MAX_STATE_KEY_BYTES) {
    return fail({ kind: "state_key_invalid", key });
  }
  const path = notJson(value, "$", 0);
  return path === null ? ok(JSON.stringify(value)) : fail({ kind: "state_value_invalid", key, path });
}

/** The path to the first part of a value that is not JSON, or null. */
function notJson(value: unknown, path: string, depth: number): string | null {
  if (value === null || typeof value === "boolean") return null;
  if (typeof value === "string") return value.isWellFormed() ? null : path;
  if (typeof value === "number") return Number.isFinite(value) ? null : path;
  if (typeof value !== "object" || depth >= MAX_STATE_DEPTH) return path;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return path;
  for (const [name, part] of Object.entries(value)) {
    const found = name.isWellFormed() ? notJson(part, `${path}.${name}`, depth + 1) : path;
    if (found !== null) return found;
  }
  // A hole in an array would be read back as null.
  return Array.isArray(value) && Object.keys(value).length !== value.length ? path : null;
}

/** The state values of a session, in its own storage; deleted with the context. */
export class StateStore {
  readonly #storage: DurableObjectStorage;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
  }

  /** Fails only for `set`, and then changes nothing. */
  apply(operation: StateOperation): Result<StateOutcome, StateFailure> {
    const { kv } = this.#storage;
    if (operation.kind === "list") return ok({ before: null, entries: this.#entries() });
    const name = PREFIX + operation.key;
    const before = kv.get<string>(name) ?? null;
    if (operation.kind === "delete" && before !== null) kv.delete(name);
    if (operation.kind === "set" && operation.expected !== undefined && operation.expected !== before) {
      return fail({ kind: "state_conflict", key: operation.key });
    }
    if (operation.kind === "set" && operation.text !== before) {
      const refused = stateRefusal(operation.key, operation.text, before, this.#entries());
      if (refused !== null) return fail(refused);
      kv.put(name, operation.text);
    }
    return ok({ before, entries: [] });
  }

  /** Why a `set` that begins a context, and so finds no values, would be refused; or null. Changes nothing. */
  firstStateRefusal({ key, text, expected }: Extract<StateOperation, { kind: "set" }>): StateFailure | null {
    if (expected !== undefined && expected !== null) return { kind: "state_conflict", key };
    return stateRefusal(key, text, null, []);
  }

  /** Deletes all values, so that the next context does not see them. */
  clear(): void {
    for (const { key } of this.#entries()) this.#storage.kv.delete(PREFIX + key);
  }

  #entries(): StateEntry[] {
    const stored = this.#storage.kv.list<string>({ prefix: PREFIX });
    return [...stored].map(([name, text]) => ({ key: name.slice(PREFIX.length), text }));
  }
}

function stateRefusal(
  key: string,
  text: string,
  before: string | null,
  entries: readonly StateEntry[],
): StateFailure | null {
  if (before === null && entries.length >= MAX_STATE_KEYS) {
    return { kind: "state_too_many_keys", key, limit: MAX_STATE_KEYS };
  }
  const after = [...entries.filter((entry) => entry.key !== key), { key, text }];
  const bytes = after.reduce((sum, entry) => sum + utf8Bytes(entry.key) + utf8Bytes(entry.text), 0);
  return bytes > MAX_STATE_BYTES ? { kind: "state_too_large", key, bytes, limit: MAX_STATE_BYTES } : null;
}

/** The failure in words: what was wrong, the value, and what to do. */
export function describeStateFailure(failure: StateFailure): string {
  const key = JSON.stringify(failure.key.slice(0, 200));
  switch (failure.kind) {
    case "state_key_invalid":
      return `State key ${key} must be text of 1 to ${MAX_STATE_KEY_BYTES} bytes of UTF-8`;
    case "state_value_invalid":
      return `State value of ${key} cannot be kept as JSON: ${failure.path} must be null, a boolean, a finite number, text, an array or a plain object, at most ${MAX_STATE_DEPTH} levels deep`;
    case "state_conflict":
      return `State value of ${key} was changed by another call at the same time. Nothing was changed. Try again`;
    case "state_mismatch":
      return `State value of ${key} does not have the form that this server gives it: ${failure.problem}`;
    case "state_too_many_keys":
      return `State key ${key} is one too many: a session keeps at most ${failure.limit}. Delete one that is no longer needed`;
    case "state_too_large":
      return `State value of ${key} is too large: with it the session's state would have ${failure.bytes} bytes, and at most ${failure.limit} are kept, keys included. Nothing was changed`;
  }
}
