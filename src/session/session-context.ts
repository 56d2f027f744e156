import type { Principal } from "../model/principal.ts";
import type { Region } from "../registry/shard-of.ts";
import type { EndReason } from "../registry/tally.ts";
import { DEADLINE_GRANULES_PER_TIMEOUT, REGISTRY_RETRY_FIRST_MS, REGISTRY_RETRY_LONGEST_MS } from "./limits.ts";
import { NO_PROJECT, type SessionProject } from "./session-project.ts";

/**
 * What a session remembers, as callers see it. Times are milliseconds since the epoch.
 * @example
 * ```ts
 * import type { SessionContext } from "mcp-session-context";
 *
 * const minutesLeft = ({ expiresAt }: SessionContext) => Math.floor((expiresAt - Date.now()) / 60_000);
 * ```
 */
export interface SessionContext {
  readonly sessionId: string;
  /** Null: the context began with a state value, and no directory has been set. */
  readonly workingDirectory: string | null;
  /** The session's project, including config path and project ID. */
  readonly project: SessionProject;
  /** Name of the client that set the working directory. */
  readonly client: string | null;
  /** When the working directory was last set, or the context began. */
  readonly setAt: number;
  /** The previous access, exact to 1/1440 of the idle timeout. */
  readonly lastUsed: number;
  /** When the context expires if it is not accessed again. */
  readonly expiresAt: number;
}

/** A context as stored. The alarm is the deadline, from which the last access is computed. */
export interface LiveSession {
  readonly version: 1;
  readonly state: "live";
  readonly owner: Principal;
  readonly workingDirectory: string | null;
  /** Absent: no project found, in an empty catalog. */
  readonly project?: SessionProject;
  readonly client: string | null;
  readonly openedAt: number;
  readonly setAt: number;
  readonly idleTimeoutMs: number;
  /** When the context expires regardless of use. Absent: never. */
  readonly endsAt?: number;
  /** The deadline without {@link endsAt}, set if `endsAt` comes first: the last access is computed from it. */
  readonly idleUntil?: number;
  readonly shard: number;
  /** How many shards the registry had when `shard` was chosen. Absent in records of earlier builds. */
  readonly registrySize?: number;
  /** Where it began. Absent in records of earlier builds. */
  readonly region?: Region | null;
  /** Set if the context began while there was a tombstone: until when the header is still refused as deleted. */
  readonly deletedUntil?: number;
  /** Set if the row in the registry may not be confirmed yet; see {@link asRegistered}. */
  readonly registration?: PendingRegistration;
}

/** Until the row is confirmed, the alarm is the next attempt, always before the deadline, so the deadline is stored here. */
export interface PendingRegistration {
  readonly deadline: number;
  /** How many attempts the alarm has made. */
  readonly tries: number;
  /** The quota that may still refuse the context. Absent after the context has been acknowledged: no quota applies then. */
  readonly maxSessions?: number;
  /** Why the previous context ended, if its row may still be in the registry. */
  readonly previousEnd?: EndReason;
}

/** A live context and when it expires. */
export interface Live {
  readonly session: LiveSession;
  readonly deadline: number;
}

/** The context is over, but its row may still be in the registry. The alarm is the next attempt to remove the row. */
export interface ClosingSession {
  readonly version: 1;
  readonly state: "closing";
  readonly owner: Principal;
  readonly openedAt: number;
  readonly shard: number;
  readonly tries: number;
  /** Why the context ended. Absent in records of earlier builds. */
  readonly reason?: EndReason;
  /** Set if `DELETE /mcp` ended the session: until when the header is refused as deleted. */
  readonly deletedUntil: number | null;
}

/** A tombstone: `DELETE /mcp` ended the session, and its header is refused. The alarm removes it. */
export interface DeletedSession {
  readonly version: 1;
  readonly state: "deleted";
  readonly owner: Principal;
  readonly deletedUntil: number;
}

export type StoredSession = LiveSession | ClosingSession | DeletedSession;

/**
 * When a context that is accessed at `now` expires: at `now + idleTimeoutMs`, rounded up by less than 1/1440 of the timeout (plus
 * at most the millisecond to which alarms are rounded).
 */
export function deadlineAfter(now: number, idleTimeoutMs: number): number {
  const granule = idleTimeoutMs / DEADLINE_GRANULES_PER_TIMEOUT;
  return Math.max(Math.ceil(Math.ceil((now + idleTimeoutMs) / granule) * granule), now + idleTimeoutMs);
}

/**
 * The new deadline of a context that is accessed at `now`, never before its current one: `now` plus the idle timeout, or `endsAt` if
 * that comes first. In the second case `idleUntil` is the deadline without `endsAt`.
 */
export function usedAt(
  now: number,
  {
    idleTimeoutMs,
    endsAt = Number.POSITIVE_INFINITY,
    idleUntil,
  }: Pick<LiveSession, "idleTimeoutMs" | "endsAt" | "idleUntil">,
  before = 0,
): { readonly deadline: number; readonly idleUntil?: number } {
  const idle = Math.max(idleUntil ?? before, deadlineAfter(now, idleTimeoutMs));
  return idle <= endsAt ? { deadline: idle } : { deadline: endsAt, idleUntil: idle };
}

/** The last access, computed from the deadline. */
export const lastUsedAt = (deadline: number, idleTimeoutMs: number, now: number): number =>
  Math.min(deadline - idleTimeoutMs, now);

/** A live context as callers see it at `now`. `previous` is the context as the previous access left it. */
export function contextOf(sessionId: string, { session, deadline }: Live, previous: Live, now: number): SessionContext {
  const { workingDirectory, project = NO_PROJECT, client, setAt, idleTimeoutMs } = session;
  const lastUsed = lastUsedAt(previous.session.idleUntil ?? previous.deadline, idleTimeoutMs, now);
  return { sessionId, workingDirectory, project, client, setAt, lastUsed, expiresAt: deadline };
}

/**
 * The deadline of a live session, or null if it has expired. If it has no alarm, the alarm has fired and the session has expired,
 * whether its handler is still running or the platform has dropped it.
 */
export function deadlineOf(session: LiveSession, alarm: number | null, now: number): number | null {
  const deadline = session.registration?.deadline ?? alarm;
  return deadline !== null && now < deadline ? deadline : null;
}

/**
 * The record, without `registration` if the alarm shows that the row is confirmed: it is then at the deadline or later. Confirming
 * a row therefore writes only the alarm.
 */
export function asRegistered(session: StoredSession | undefined, alarm: number | null): StoredSession | undefined {
  if (session?.state !== "live" || session.registration === undefined) return session;
  if (alarm === null || alarm < session.registration.deadline) return session;
  const { registration: _, ...registered } = session;
  return registered;
}

/** When to retry the registration: always before the deadline, because an alarm at the deadline means a confirmed row. */
export const nextTryOf = ({ deadline, tries }: PendingRegistration, now: number): number =>
  Math.max(Math.min(deadline - 1, now + registryRetryDelayMs(tries)), now + 1);

/**
 * The record of a context that has ended, whose row must be removed from the registry. If it was already closing, the first reason
 * stays; a tombstone that existed when it began stays too.
 */
export const closingOf = (
  session: LiveSession | ClosingSession,
  reason: EndReason,
  deletedUntil: number | null,
): ClosingSession => {
  const { owner, openedAt, shard } = session;
  const why = session.state === "closing" ? endReasonOf(session) : reason;
  const until = deletedUntil ?? session.deletedUntil ?? null;
  return { version: 1, state: "closing", owner, openedAt, shard, tries: 0, reason: why, deletedUntil: until };
};

/** The tombstone of a session that `DELETE /mcp` ended. */
export const deletedOf = (owner: Principal, deletedUntil: number): DeletedSession => ({
  version: 1,
  state: "deleted",
  owner,
  deletedUntil,
});

/** Why a context ended. A live record that is being closed has expired. */
export const endReasonOf = (session: LiveSession | ClosingSession): EndReason => {
  if (session.state === "live") return "expired";
  return session.reason ?? (session.deletedUntil === null ? "expired" : "deleted");
};

/** Until when the session's header is refused as deleted; null if it is not. A live context may have a tombstone too. */
export function headerDeletedUntil(session: StoredSession | undefined, now: number): number | null {
  const until = session?.deletedUntil ?? null;
  return until !== null && now < until ? until : null;
}

/**
 * The stored record in the current format. Upgrade records of older versions here, one step per version; storage keeps the old
 * format until the next write.
 * @throws Error if a newer version wrote the record, after a rollback too far back: this version must not change it.
 */
export function readStored(record: unknown): StoredSession | undefined {
  const version = (record as { version?: unknown } | undefined)?.version;
  if (record !== undefined && version !== 1) {
    throw new Error(`Stored session has version ${String(version)}, this code knows 1: deploy the newer version`);
  }
  return record as StoredSession | undefined;
}

/** Delay before attempt `tries + 1`: exponential up to a limit, with up to 25 % jitter. */
export function registryRetryDelayMs(tries: number, random: () => number = Math.random): number {
  const wait = Math.min(REGISTRY_RETRY_FIRST_MS * 2 ** Math.min(tries, 30), REGISTRY_RETRY_LONGEST_MS);
  return Math.round(wait * (0.75 + 0.25 * random()));
}
