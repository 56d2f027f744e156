import { DurableObject } from "cloudflare:workers";
import { createLogger } from "../base/log.ts";
import { migrate } from "../base/migrations.ts";
import { isShared, type Principal } from "../model/principal.ts";
import { configOf } from "../settings/config.ts";
import { Audit, type AuditedSession } from "./audit.ts";
import { type HistoryRange, seriesOf } from "./history.ts";
import { includesLayout, type Layout, mergeLayouts } from "./layout.ts";
import { AUDIT_INTERVAL_MS, QUOTA_EXAMPLES } from "./limits.ts";
import type { OperationCount } from "./operations.ts";
import { LISTED, REGISTRY_MIGRATIONS } from "./registry-migrations.ts";
import { RemovedContexts } from "./removed-contexts.ts";
import { ShardHistory } from "./shard-history.ts";
import type {
  ListPosition,
  RegisterAnswer,
  RegisterRequest,
  RegistryEntry,
  ShardCount,
  ShardPage,
  ShardReport,
  ShardUsage,
} from "./shard-messages.ts";
import { ShardOperations } from "./shard-operations.ts";
import { type EndReason, NO_TALLY } from "./tally.ts";

/** The session objects that the audit asks. */
interface RegistryBindings {
  readonly SESSIONS: DurableObjectNamespace<AuditedSession>;
}

type Row = {
  session_id: string;
  opened_at: number;
  principal: string;
  client: string | null;
  region: string | null;
};

/** Rows of one known principal. */
const OF_PRINCIPAL = `principal = ? AND ${LISTED}`;

/**
 * One shard of the registry: the set of live contexts registered here, and their number. `register` and `unregister` are
 * idempotent, and a late `unregister` never removes a newer context under the same id.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as REGISTRY.
 * export { SessionRegistry } from "mcp-session-context";
 * ```
 */
export class SessionRegistry extends DurableObject<RegistryBindings> {
  readonly #history = new ShardHistory(this.ctx.storage.sql);
  readonly #operations = new ShardOperations(this.ctx.storage.sql);
  readonly #removed = new RemovedContexts();
  readonly #audit = new Audit(this.ctx.storage, this.env.SESSIONS, this.#history, (entry) =>
    this.unregister(entry, "dropped"),
  );

  /**
   * Adds a context, or updates the row if this context is newer than the registered one under the same id.
   * @param maxSessions How many contexts a known principal may have; 0 for no limit.
   * @param elsewhere How many contexts the principal has in other shards.
   * @internal
   */
  register(request: RegisterRequest, maxSessions: number, elsewhere = 0): RegisterAnswer {
    this.#createTables();
    this.#keepAlarm();
    const { sessionId, openedAt, principal, client, previousEnd = "expired", region = null } = request;
    const now = Date.now();
    if (this.#removed.has(sessionId, openedAt)) return { outcome: "removed" };
    return this.ctx.storage.transactionSync(() => {
      const row = this.#rows("SELECT * FROM session WHERE session_id = ?", sessionId)[0];
      if (row === undefined) {
        if (maxSessions > 0 && this.#countOf(principal) + elsewhere >= maxSessions) {
          this.#history.countRefusal(`${openedAt}.${sessionId}`, now);
          return { outcome: "refused", oldest: this.#oldestOf(principal) };
        }
        this.#exec("INSERT INTO session VALUES (?, ?, ?, ?, ?)", sessionId, openedAt, principal, client, region);
        this.#history.count({ opened: 1 }, now, { added: region });
      } else if (row.opened_at < openedAt) {
        this.#exec(
          "UPDATE session SET opened_at = ?2, principal = ?3, client = ?4, region = ?5 WHERE session_id = ?1",
          ...[sessionId, openedAt, principal, client, region],
        );
        this.#history.count({ opened: 1, [previousEnd]: 1 }, now, { added: region, removed: row.region });
      }
      return { outcome: "registered" };
    });
  }

  /** @internal Removes the session's context if it began at `openedAt` or earlier. */
  unregister({ sessionId, openedAt }: ListPosition, reason: EndReason): void {
    this.#keepAlarm();
    // A registration of this context may still be in flight: it is executed even if its caller has timed out.
    this.#removed.add(sessionId, openedAt, Date.now());
    if (!this.#hasTables()) return;
    this.ctx.storage.transactionSync(() => {
      const removed = this.#rows(
        "DELETE FROM session WHERE session_id = ? AND opened_at <= ? RETURNING *",
        ...[sessionId, openedAt],
      )[0];
      if (removed !== undefined) this.#history.count({ [reason]: 1 }, Date.now(), { removed: removed.region });
    });
  }

  /** @internal How many contexts are registered here, where they began, and how many are `principal`'s. */
  count(principal: Principal): ShardCount {
    this.#keepAlarm();
    const layout = this.layout();
    if (!this.#hasTables()) return { sessions: 0, yours: 0, byRegion: {}, layout };
    return {
      sessions: this.#history.sessions(),
      yours: isShared(principal) ? 0 : this.#countOf(principal),
      byRegion: this.#history.byRegion(),
      layout,
    };
  }

  /** @internal How much of its quota a known principal uses here. */
  usage(principal: Principal): ShardUsage {
    if (!this.#hasTables()) return { sessions: 0, oldest: [] };
    return { sessions: this.#countOf(principal), oldest: this.#oldestOf(principal) };
  }

  /** @internal The stored layout; only shard 0 has one. Null if nothing was announced yet. */
  layout(): Layout | null {
    return this.ctx.storage.kv.get<Layout>("layout") ?? null;
  }

  /** @internal Shard 0 only: stores `part` before it is used, and returns the whole layout. */
  announce(part: Layout): Layout {
    const known = this.layout();
    if (known !== null && includesLayout(known, part)) return known;
    const layout = known === null ? part : mergeLayouts(known, part);
    this.ctx.storage.kv.put("layout", layout);
    return layout;
  }

  /** @internal Adds the calls that an isolate has counted. */
  addOperations(counts: readonly OperationCount[]): void {
    this.#createTables();
    this.ctx.storage.transactionSync(() => this.#operations.add(counts));
  }

  /** @internal The counts of this shard, in total and in each step of `ranges`. */
  report(ranges: readonly HistoryRange[], now: number, withOperations: boolean): ShardReport {
    this.#keepAlarm();
    const hasTables = this.#hasTables();
    const snapshots = hasTables && ranges.length > 0 ? this.#history.snapshots() : [];
    return {
      layout: this.layout(),
      sessions: hasTables ? this.#history.sessions() : 0,
      byRegion: hasTables ? this.#history.byRegion() : {},
      tally: hasTables ? this.#history.tally() : NO_TALLY,
      series: ranges.map((range) => seriesOf(snapshots, range, now)),
      operations: hasTables && withOperations ? this.#operations.counts() : [],
    };
  }

  /**
   * @internal The contexts of one principal or of all, newest first: at most `limit`, starting after `position`. Those of a known
   * principal are read by index. Other listings are for operators only and scan the shard: an index by time would cost one more row
   * written per context, and a row read costs 1/1000 of a row written.
   */
  list(principal: Principal | null, position: ListPosition | null, limit: number): ShardPage {
    this.#keepAlarm();
    const layout = this.layout();
    if (!this.#hasTables()) return { entries: [], layout };
    const { openedAt, sessionId } = position ?? { openedAt: Number.MAX_SAFE_INTEGER, sessionId: "" };
    const whose = principal === null || isShared(principal) ? "principal = coalesce(?, principal)" : OF_PRINCIPAL;
    const rows = this.#rows(
      `SELECT * FROM session WHERE ${whose} AND (opened_at, session_id) < (?, ?) ORDER BY opened_at DESC, session_id DESC LIMIT ?`,
      ...[principal, openedAt, sessionId, limit],
    );
    return { entries: rows.map(toEntry), layout };
  }

  /** The daily audit: checks one batch, then schedules the next batch or the next day's round. */
  override async alarm(): Promise<void> {
    try {
      const next = this.#hasTables() ? await this.#audit.batch() : null;
      if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + 1));
    } catch (error) {
      // After six failed retries the platform drops the alarm, and audits would stop. Set it before logging, which may fail too.
      await this.ctx.storage.setAlarm(Date.now() + AUDIT_INTERVAL_MS);
      createLogger(configOf(this.env).logLevel)("error", "audit_failed", { error: String(error) });
    }
  }

  /** Sets the alarm if the shard has rows but no alarm. Called on every access to the rows, so that a lost alarm is restored. */
  #keepAlarm(): void {
    const { storage } = this.ctx;
    this.ctx.waitUntil(
      storage.getAlarm().then(async (alarm) => {
        if (alarm === null && this.#hasTables() && this.#history.sessions() > 0) {
          await storage.setAlarm(Date.now() + AUDIT_INTERVAL_MS);
        }
      }),
    );
  }

  #countOf(principal: Principal): number {
    return this.ctx.storage.sql
      .exec<{ n: number }>(`SELECT count(*) AS n FROM session WHERE ${OF_PRINCIPAL}`, principal)
      .one().n;
  }

  #oldestOf(principal: Principal): RegistryEntry[] {
    return this.#rows(
      `SELECT * FROM session WHERE ${OF_PRINCIPAL} ORDER BY opened_at LIMIT ?`,
      ...[principal, QUOTA_EXAMPLES],
    ).map(toEntry);
  }

  #rows(query: string, ...values: SqlStorageValue[]): Row[] {
    return this.ctx.storage.sql.exec<Row>(query, ...values).toArray();
  }

  #exec(query: string, ...values: SqlStorageValue[]) {
    return this.ctx.storage.sql.exec(query, ...values);
  }

  #tablesExist = false;

  /** Whether the tables exist. Reading an empty shard does not create them. */
  #hasTables(): boolean {
    this.#tablesExist ||= migrate(this.ctx.storage, REGISTRY_MIGRATIONS, { create: false });
    return this.#tablesExist;
  }

  #createTables(): void {
    this.#tablesExist ||= migrate(this.ctx.storage, REGISTRY_MIGRATIONS, { create: true });
  }
}

const toEntry = (row: Row): RegistryEntry => ({
  sessionId: row.session_id,
  openedAt: row.opened_at,
  principal: row.principal,
  client: row.client,
});
