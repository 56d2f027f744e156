import * as z from "zod";
import type { SessionCall } from "../call/session-call.ts";
import type { ToolFailure } from "../call/tool-failure.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import { encodeState } from "../session/state-store.ts";
import { STATE_UPDATE_TRIES } from "./limits.ts";

type Keys<Shape extends z.ZodObject> = keyof Shape["shape"] & string;
type Value<Shape extends z.ZodObject, Key extends Keys<Shape>> = z.output<Shape["shape"][Key]>;
type Values<Shape extends z.ZodObject> = { [Key in Keys<Shape>]?: Value<Shape, Key> };

/**
 * The state of a session, typed by the server author's schema: each field is a key that may be missing (a default of the
 * field does not apply to a missing key). Values are checked when they are written, and again when they are read, since an
 * older version may have written them. `sessionId` is the tool's `session_id` argument; omit it for the session that the
 * client keeps.
 * @example
 * ```ts
 * import type { TypedState } from "mcp-session-context";
 * import * as z from "zod";
 *
 * const shape = z.object({ count: z.number(), title: z.string() });
 *
 * async function tour(state: TypedState<typeof shape>, sessionId?: string) {
 *   const set = await state.set("title", "Sheep", sessionId);
 *   if (!set.ok) return set.failure;
 *   await state.update("count", (count = 0) => count + 1, set.value.sessionId);
 *   const title = await state.get("title", set.value.sessionId);
 *   const all = await state.list(set.value.sessionId);
 *   await state.delete("title", set.value.sessionId);
 *   return { title, all };
 * }
 * ```
 */
export class TypedState<Shape extends z.ZodObject> {
  readonly #call: SessionCall;
  readonly #shape: Shape;

  /** @internal */
  constructor(call: SessionCall, shape: Shape) {
    this.#call = call;
    this.#shape = shape;
  }

  /** The value of `key`; undefined if there is none. Keeps the session alive. */
  async get<Key extends Keys<Shape>>(
    key: Key,
    sessionId?: string,
  ): Promise<Result<{ sessionId: string | null; value: Value<Shape, Key> | undefined }, ToolFailure>> {
    const got = await this.#call.state(sessionId, { kind: "get", key });
    if (!got.ok) return got;
    const value = got.value.before === null ? ok(undefined) : this.#decode(key, got.value.before);
    return value.ok ? ok({ sessionId: got.value.sessionId, value: value.value }) : value;
  }

  /**
   * Stores `value` under `key`. Opens a session if the call has none, and begins a context if the session has none; pass the
   * returned `sessionId` on to the client.
   */
  set<Key extends Keys<Shape>>(
    key: Key,
    value: Value<Shape, Key>,
    sessionId?: string,
  ): Promise<Result<{ sessionId: string; created: boolean }, ToolFailure>> {
    return this.#write(key, value, sessionId);
  }

  /**
   * Replaces the value of `key` with the result of `change`. Safe under concurrent calls: if another call has changed the value
   * meanwhile, `change` is called again. Fails with `state_conflict` after 10 attempts.
   */
  async update<Key extends Keys<Shape>>(
    key: Key,
    change: (value: Value<Shape, Key> | undefined) => Value<Shape, Key>,
    sessionId?: string,
  ): Promise<Result<{ sessionId: string; created: boolean; value: Value<Shape, Key> }, ToolFailure>> {
    for (let attempt = 1; ; attempt++) {
      const got = await this.#call.state(sessionId, { kind: "get", key });
      if (!got.ok) return got;
      const { before } = got.value;
      const current = before === null ? ok(undefined) : this.#decode(key, before);
      if (!current.ok) return current;
      const value = change(current.value);
      const written = await this.#write(key, value, sessionId, before);
      if (written.ok) return ok({ ...written.value, value });
      if (written.failure.kind !== "state_conflict" || attempt === STATE_UPDATE_TRIES) return written;
    }
  }

  /** Deletes the value of `key`. */
  async delete(
    key: Keys<Shape>,
    sessionId?: string,
  ): Promise<Result<{ sessionId: string | null; deleted: boolean }, ToolFailure>> {
    const deleted = await this.#call.state(sessionId, { kind: "delete", key });
    if (!deleted.ok) return deleted;
    return ok({ sessionId: deleted.value.sessionId, deleted: deleted.value.before !== null });
  }

  /** All stored values. */
  async list(sessionId?: string): Promise<Result<{ sessionId: string | null; values: Values<Shape> }, ToolFailure>> {
    const listed = await this.#call.state(sessionId, { kind: "list" });
    if (!listed.ok) return listed;
    const values: Partial<Record<string, unknown>> = {};
    for (const { key, text } of listed.value.entries) {
      const value = this.#decode(key as Keys<Shape>, text);
      if (!value.ok) return value;
      values[key] = value.value;
    }
    return ok({ sessionId: listed.value.sessionId, values: values as Values<Shape> });
  }

  async #write(key: Keys<Shape>, value: unknown, sessionId: string | undefined, expected?: string | null) {
    const checked = this.#check(key, value);
    if (!checked.ok) return checked;
    const text = encodeState(key, value);
    if (!text.ok) return text;
    const operation = { kind: "set", key, text: text.value, ...(expected === undefined ? {} : { expected }) } as const;
    const set = await this.#call.state(sessionId, operation);
    if (!set.ok) return set;
    // A set always has a session: it opens one if the call has none.
    return ok({ sessionId: set.value.sessionId as string, created: set.value.created });
  }

  #decode<Key extends Keys<Shape>>(key: Key, text: string): Result<Value<Shape, Key>, ToolFailure> {
    return this.#check(key, JSON.parse(text));
  }

  #check<Key extends Keys<Shape>>(key: Key, value: unknown): Result<Value<Shape, Key>, ToolFailure> {
    const field = Object.hasOwn(this.#shape.shape, key) ? (this.#shape.shape[key] as z.ZodType) : undefined;
    if (field === undefined) return fail({ kind: "state_mismatch", key, problem: "no such key is described" });
    const parsed = field.safeParse(value);
    if (parsed.success) return ok(parsed.data as Value<Shape, Key>);
    return fail({ kind: "state_mismatch", key, problem: z.prettifyError(parsed.error) });
  }
}
