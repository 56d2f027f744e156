/**
 * Counts inside a Worker, without a change to it: what its Durable Objects are asked, and the rows that they write.
 * Rows of SQL are those that the cursors report, indexes included; those of key-value and alarm calls are the difference of
 * SQLite's own count of changes. A WebSocket that opens is a request; what is sent over it is listed but not counted.
 */
// @ts-expect-error: its types come with those of Node, which clash with the Worker's.
import { AsyncLocalStorage } from "node:async_hooks";

/** Set while an object runs: a method that it then calls on itself is no request. */
const inside: { run<T>(store: true, run: () => T): T; getStore(): true | undefined } = new AsyncLocalStorage();

interface Counts {
  /** Requests by class and method; alarms among them. */
  calls: Record<string, number>;
  requests: number;
  /** Rows written beside those of cursors. */
  changes: number;
}

const none = (): Counts => ({ calls: {}, requests: 0, changes: 0 });
let counts = none();
/** Size of the largest database of each class, as it is billed. */
const databaseBytes: Record<string, number> = {};
const storages = new WeakMap<object, { readonly name: string; readonly storage: DurableObjectStorage }>();
let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];

const HANDLERS = ["fetch", "alarm", "webSocketMessage", "webSocketClose", "webSocketError"];
const EVENTS = new Set(["webSocketMessage", "webSocketClose", "webSocketError"]);

type ObjectClass = new (ctx: DurableObjectState, env: unknown) => object;
type Method = (...args: unknown[]) => unknown;

/** The class of a Durable Object, counting. */
export function meterObject(Base: ObjectClass, name: string): ObjectClass {
  // Where they are defined: frameworks look whether a class overrides their methods.
  for (let level = Base.prototype; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const [method, { value, configurable }] of Object.entries(Object.getOwnPropertyDescriptors(level))) {
      if (typeof value !== "function" || method === "constructor" || !configurable) continue;
      Object.defineProperty(level, method, { value: metered(`${name}.${method}`, method, value), writable: true });
    }
  }
  return new Proxy(Base, {
    construct: (target, args, newTarget) =>
      inside.run(true, () => {
        const { storage } = args[0] as DurableObjectState;
        meterStorage(storage);
        const object = Reflect.construct(target, args, newTarget) as object;
        storages.set(object, { name, storage });
        // Frameworks install handlers of their own in the constructor.
        for (const method of HANDLERS.filter((handler) => Object.hasOwn(object, handler))) {
          const original = Reflect.get(object, method) as Method;
          Object.defineProperty(object, method, { value: metered(`${name}.${method}`, method, original) });
        }
        return object;
      }),
  });
}

/** The Worker, with `/__meter`, which tells the counts since it was asked last. */
export function meterWorker(worker: ExportedHandler): ExportedHandler {
  return {
    async fetch(request, env, ctx) {
      if (new URL(request.url).pathname !== "/__meter") return (worker.fetch as Method)(request, env, ctx) as Response;
      const rowsWritten = cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, counts.changes);
      const rowsRead = cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0);
      const { calls, requests } = counts;
      counts = none();
      cursors = [];
      return Response.json({ requests, rowsWritten, rowsRead, calls, databaseBytes });
    },
  };
}

function metered(key: string, method: string, original: Method): Method {
  return function (this: object, ...args: unknown[]) {
    if (inside.getStore() !== undefined) return original.apply(this, args);
    counts.calls[key] = (counts.calls[key] ?? 0) + 1;
    if (!EVENTS.has(method)) counts.requests++;
    const answer = inside.run(true, () => original.apply(this, args));
    void Promise.resolve(answer)
      .finally(() => noteSize(this))
      .catch(() => {});
    return answer;
  };
}

function noteSize(object: object): void {
  const { name, storage } = storages.get(object) ?? {};
  if (name !== undefined && storage !== undefined) {
    databaseBytes[name] = Math.max(databaseBytes[name] ?? 0, storage.sql.databaseSize);
  }
}

function meterStorage(storage: DurableObjectStorage): void {
  const exec = storage.sql.exec.bind(storage.sql);
  replace(storage.sql, "exec", (query, ...values) => {
    const cursor = exec(query as string, ...(values as SqlStorageValue[]));
    cursors.push(cursor);
    return cursor;
  });
  const changes = () => Number(exec("SELECT total_changes() AS n").one().n);
  const counting = (original: Method): Method => {
    return (...args) => {
      const before = changes();
      const answer = original(...args);
      counts.changes += Math.max(0, changes() - before);
      return answer;
    };
  };
  for (const name of ["put", "delete", "setAlarm", "deleteAlarm"] as const) {
    replace(storage, name, counting((storage[name] as Method).bind(storage)));
  }
  for (const name of ["put", "delete"] as const) {
    replace(storage.kv, name, counting((storage.kv[name] as Method).bind(storage.kv)));
  }
}

function replace(target: object, name: string, value: Method): void {
  Object.defineProperty(target, name, { value });
}
