/** The real registry object, with a meter on its SQL and loops around its methods. */
import { SessionRegistry } from "../../src/registry/session-registry.ts";
import type { BenchRequest, FillRequest, Rows } from "./cases.ts";

/** Settings and sessions are not bound: only the audit uses them, and its alarm is a day away. */
interface BenchEnv extends Env {
  readonly BENCH: DurableObjectNamespace<BenchRegistry>;
}

/** As in production: the quota is checked for every context that begins. */
const MAX_SESSIONS = 1000;

export class BenchRegistry extends SessionRegistry {
  readonly #cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  #metering = false;

  constructor(ctx: DurableObjectState, env: BenchEnv) {
    super(ctx, env);
    const { sql } = ctx.storage;
    const exec = sql.exec.bind(sql);
    Object.defineProperty(sql, "exec", {
      value: (query: string, ...values: SqlStorageValue[]) => {
        const cursor = exec(query, ...values);
        if (this.#metering) this.#cursors.push(cursor);
        return cursor;
      },
    });
  }

  /** Runs the operation `times` times, each with its own id and its own commit, if there is anything to commit. */
  async loop({ operation, principal, times }: BenchRequest): Promise<void> {
    for (let n = 0; n < times; n++) {
      this.#once(operation, principal, n);
      await this.ctx.storage.sync();
    }
  }

  /** The rows that one operation reads and writes, as SQLite counts them. */
  measure({ operation, principal }: BenchRequest): Rows {
    this.#metering = true;
    this.#once(operation, principal, 0);
    this.#metering = false;
    const cursors = this.#cursors.splice(0);
    return {
      read: cursors.reduce((sum, cursor) => sum + cursor.rowsRead, 0),
      written: cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, 0),
    };
  }

  /** Adds rows `from` to `to`: every other one anonymous, `perPrincipal` for each known principal. */
  fill({ from, to, perPrincipal }: FillRequest): void {
    for (let n = from; n < to; n++) {
      const principal = n % 2 === 0 ? "anonymous" : `principal-${Math.floor(n / 2 / perPrincipal)}`;
      this.register({ sessionId: sessionId(`row-${n}`), openedAt: n, principal, client: "claude-code/2.1.0" }, 0);
    }
  }

  #once(operation: BenchRequest["operation"], principal: string, n: number): void {
    const entry = { sessionId: sessionId(`new-${n}`), openedAt: Date.now() };
    if (operation === "register") this.register({ ...entry, principal, client: "claude-code/2.1.0" }, MAX_SESSIONS);
    else if (operation === "unregister") this.unregister(entry, "ended");
    else if (operation === "count") this.count(principal);
    else if (operation === "list") this.list(principal, null, 20);
  }
}

/** As long and as unordered as a real id: starts with the FNV-1a hash of the name. */
function sessionId(name: string): string {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return `sess_${(hash >>> 0).toString(36)}-${name}`.padEnd(48, "x");
}

export default {
  async fetch(request: Request, env: BenchEnv): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (pathname === "/healthz") return Response.json({ status: "ok" });
    const body = (await request.json()) as BenchRequest & FillRequest;
    const shard = env.BENCH.getByName(`shard-of-${body.rows}`);
    if (pathname === "/measure") return Response.json(await shard.measure(body));
    if (pathname === "/fill") await shard.fill(body);
    else await shard.loop(body);
    return Response.json({});
  },
};
