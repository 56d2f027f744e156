import { DurableObject } from "cloudflare:workers";
import type { SessionBindings } from "../bindings.ts";
import { configOf } from "../config.ts";
import { AUDIT_BATCH, AUDIT_INTERVAL_MS, AUDIT_QUESTION_TIMEOUT_MS, QUOTA_EXAMPLES } from "../constants.ts";
import { createLogger } from "../log.ts";
import { isShared, type Principal } from "../session/session-context.ts";
import { decodeSessionId } from "../session/session-id.ts";
import { migrate } from "../storage/migrations.ts";
import { within } from "../time-limit.ts";
import { auditPaceMs } from "./audit.ts";
import { type HistoryRange, seriesOf } from "./history.ts";
import { includesLayout, type Layout, mergeLayouts } from "./layout.ts";
import type { OperationBatch } from "./operations.ts";
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
 * One shard of the registry: the set of the live contexts that registered here, and how many they are. Membership, not
 * arithmetic: every call may be repeated, and a late `unregister` never removes a context that began after the one it
 * speaks of.
 * @example
 * ```ts
 * // In the main module of the Worker; wrangler.toml binds the class as REGISTRY.
 * export { SessionRegistry } from "mcp-session-context";
 * ```
 */
export class SessionRegistry extends DurableObject<SessionBindings> {
  readonly #history = new ShardHistory(this.ctx.storage.sql);
  readonly #operations = new ShardOperations(this.ctx.storage.sql);
  readonly #removed = new RemovedContexts();

  /**
   * Adds a context, or moves its row on to the newer context under the same id.
   * @param maxSessions How many contexts a known principal may have; 0 for no limit.
   * @param elsewhere How many of them are in other shards.
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

  /** @internal Removes a context, if it is still the one that began at `openedAt` or an earlier one. */
  unregister({ sessionId, openedAt }: ListPosition, reason: EndReason): void {
    this.#keepAlarm();
    // A registration of this context may still be on its way: one that nobody waits for any longer is carried out all the same.
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

  /** @internal Asked of shard 0 alone: which shards there are. Null if nothing was announced yet. */
  layout(): Layout | null {
    return this.ctx.storage.kv.get<Layout>("layout") ?? null;
  }

  /** @internal Told to shard 0 alone, before anything is stored in a shard that only `part` explains. Returns the whole. */
  announce(part: Layout): Layout {
    const known = this.layout();
    if (known !== null && includesLayout(known, part)) return known;
    const layout = known === null ? part : mergeLayouts(known, part);
    this.ctx.storage.kv.put("layout", layout);
    return layout;
  }

  /** @internal Adds up calls that an isolate has counted. May be repeated with the same batch. */
  addOperations(batch: OperationBatch): void {
    this.#createTables();
    this.ctx.storage.transactionSync(() => this.#operations.add(batch, Date.now()));
  }

  /** @internal What has been counted here, since ever and in each step of `ranges`. */
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
   * @internal The contexts of one principal or of all, newest first, at most `limit` of those after `position`. A known principal's
   * are read by index. Others are for operators only and read every row of the shard: keeping an index by time would cost every
   * caller a row written, and rows read cost 1/1000 of that.
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

  /** The daily audit: one batch, then either the next one soon or the next round in a day. */
  override async alarm(): Promise<void> {
    try {
      const next = this.#hasTables() ? await this.#auditBatch() : null;
      if (next !== null) await this.ctx.storage.setAlarm(Math.max(next, Date.now() + 1));
    } catch (error) {
      // Six throws and the platform forgets the alarm, and the audit with it. First the alarm: logging may fail too.
      await this.ctx.storage.setAlarm(Date.now() + AUDIT_INTERVAL_MS);
      createLogger(configOf(this.env).logLevel)("error", "audit_failed", { error: String(error) });
    }
  }

  /** A shard with rows has an alarm. Called by everything that finds rows, so that one that was lost comes back. */
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

  /** Drops the rows of one batch whose context is gone. Returns when the next batch is due, or null if none is. */
  async #auditBatch(): Promise<number | null> {
    const startedAt = Date.now();
    const after = this.ctx.storage.kv.get<string>("audit_after") ?? "";
    const rows = this.#rows(
      "SELECT * FROM session WHERE session_id > ? ORDER BY session_id LIMIT ?",
      after,
      AUDIT_BATCH,
    );
    await Promise.all(
      rows.map(async ({ session_id: sessionId, opened_at: openedAt }) => {
        if (!(await this.#contextExists(sessionId, openedAt))) this.unregister({ sessionId, openedAt }, "dropped");
      }),
    );
    const last = rows.length === AUDIT_BATCH ? rows.at(-1) : undefined;
    if (last !== undefined) {
      this.ctx.storage.kv.put("audit_after", last.session_id);
      return startedAt + auditPaceMs(this.#history.sessions());
    }
    if (after !== "") this.ctx.storage.kv.delete("audit_after");
    return this.#history.sessions() > 0 ? Date.now() + AUDIT_INTERVAL_MS : null;
  }

  /** Asks the session, without touching it. One that does not answer is left for tomorrow. */
  async #contextExists(sessionId: string, openedAt: number): Promise<boolean> {
    try {
      const objectId = this.env.SESSIONS.idFromString(decodeSessionId(sessionId) ?? "");
      return await within(AUDIT_QUESTION_TIMEOUT_MS, this.env.SESSIONS.get(objectId).holds(openedAt));
    } catch {
      return true;
    }
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

  /** Whether anything was ever registered here. An empty shard that is only asked stores nothing. */
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
