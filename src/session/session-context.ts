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
  /** Null: the context began with a state value, and no directory was set yet. */
  readonly workingDirectory: string | null;
  /** What the session knows of its project; config path and project id are in it. */
  readonly project: SessionProject;
  /** Name of the client that set the working directory. */
  readonly client: string | null;
  /** When the working directory was last set, or the context began. */
  readonly setAt: number;
  /** The last access before this one, exact to 1/1440 of the idle time-out. */
  readonly lastUsed: number;
  /** When the context is gone if nobody accesses it again. */
  readonly expiresAt: number;
}

/** A context as it is stored. The alarm is the deadline, and so tells the last access. */
export interface LiveSession {
  readonly version: 1;
  readonly state: "live";
  readonly owner: Principal;
  readonly workingDirectory: string | null;
  /** Absent: nothing was found, in a catalog that held nothing. */
  readonly project?: SessionProject;
  readonly client: string | null;
  readonly openedAt: number;
  readonly setAt: number;
  readonly idleTimeoutMs: number;
  /** When the context is over however much it is used. Absent: never. */
  readonly endsAt?: number;
  /** What the deadline would be without {@link endsAt}, where that comes first: it still tells the last access. */
  readonly idleUntil?: number;
  readonly shard: number;
  /** How many shards the registry had when `shard` was chosen. Absent in records of earlier builds. */
  readonly registrySize?: number;
  /** Where it began. Absent in records of earlier builds. */
  readonly region?: Region | null;
  /** Set if the context began over a tombstone: until when the header still answers as deleted. */
  readonly deletedUntil?: number;
  /** Of a context whose row in the registry may not be confirmed yet; {@link asRegistered} tells. */
  readonly registration?: PendingRegistration;
}

/** Meanwhile the alarm is the next try, always before the deadline, so the deadline is kept here. */
export interface PendingRegistration {
  readonly deadline: number;
  /** How many tries the alarm has made. */
  readonly tries: number;
  /** The quota that may still refuse the context. Absent once the context has been acknowledged: then none applies. */
  readonly maxSessions?: number;
  /** Why the context before it is over, if its row may still stand where this one's will. */
  readonly previousEnd?: EndReason;
}

/** A live context and when it dies. */
export interface Live {
  readonly session: LiveSession;
  readonly deadline: number;
}

/** The context is gone, its registry row perhaps not yet. The alarm is the next try to remove the row. */
export interface ClosingSession {
  readonly version: 1;
  readonly state: "closing";
  readonly owner: Principal;
  readonly openedAt: number;
  readonly shard: number;
  readonly tries: number;
  /** Why the context is over. Absent in records of earlier builds. */
  readonly reason?: EndReason;
  /** Set if `DELETE /mcp` ended the session: until when the header answers as deleted. */
  readonly deletedUntil: number | null;
}

/** A tombstone: `DELETE /mcp` ended the session, and its header answers as deleted. The alarm removes it. */
export interface DeletedSession {
  readonly version: 1;
  readonly state: "deleted";
  readonly owner: Principal;
  readonly deletedUntil: number;
}

export type StoredSession = LiveSession | ClosingSession | DeletedSession;

/**
 * When a context dies that was last accessed at `now`: never before `now + idleTimeoutMs`, and less than 1/1440 of the
 * time-out (and the millisecond to which alarms are kept) after it.
 */
export function deadlineAfter(now: number, idleTimeoutMs: number): number {
  const granule = idleTimeoutMs / DEADLINE_GRANULES_PER_TIMEOUT;
  return Math.max(Math.ceil(Math.ceil((now + idleTimeoutMs) / granule) * granule), now + idleTimeoutMs);
}

/**
 * The deadline of a context that is used at `now`, never before the one that it has: the idle time-out from now, or the end of its
 * age if that comes first, and then also what the deadline would have been.
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

/** The last access that a deadline stands for. */
export const lastUsedAt = (deadline: number, idleTimeoutMs: number, now: number): number =>
  Math.min(deadline - idleTimeoutMs, now);

/** A live context as callers see it at `now`, the access before having left `previous`. */
export function contextOf(sessionId: string, { session, deadline }: Live, previous: Live, now: number): SessionContext {
  const { workingDirectory, project = NO_PROJECT, client, setAt, idleTimeoutMs } = session;
  const lastUsed = lastUsedAt(previous.session.idleUntil ?? previous.deadline, idleTimeoutMs, now);
  return { sessionId, workingDirectory, project, client, setAt, lastUsed, expiresAt: deadline };
}

/**
 * The deadline of a live session, or null if it has expired. A live session without an alarm is one whose alarm has
 * fired: it has expired, whether the handler is still at work or was given up by the platform.
 */
export function deadlineOf(session: LiveSession, alarm: number | null, now: number): number | null {
  const deadline = session.registration?.deadline ?? alarm;
  return deadline !== null && now < deadline ? deadline : null;
}

/**
 * The record as its alarm shows it: an alarm at the deadline or later says that the row in the registry is confirmed. So
 * confirming writes only the alarm.
 */
export function asRegistered(session: StoredSession | undefined, alarm: number | null): StoredSession | undefined {
  if (session?.state !== "live" || session.registration === undefined) return session;
  if (alarm === null || alarm < session.registration.deadline) return session;
  const { registration: _, ...registered } = session;
  return registered;
}

/** When to try to register again: before the deadline, at which the alarm would say that the row is confirmed. */
export const nextTryOf = ({ deadline, tries }: PendingRegistration, now: number): number =>
  Math.max(Math.min(deadline - 1, now + registryRetryDelayMs(tries)), now + 1);

/**
 * What is left of a context that is over: its row in the registry must go. A context ends once: the first reason stays, and so does
 * the tombstone that it began over.
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

/** Why a context is over that is not live any more. */
export const endReasonOf = (session: LiveSession | ClosingSession): EndReason => {
  if (session.state === "live") return "expired";
  return session.reason ?? (session.deletedUntil === null ? "expired" : "deleted");
};

/** Until when the session's header answers as deleted; null if it does not. A context may have begun over the tombstone. */
export function headerDeletedUntil(session: StoredSession | undefined, now: number): number | null {
  const until = session?.deletedUntil ?? null;
  return until !== null && now < until ? until : null;
}

/**
 * The stored record in the form of this version. Records of older versions are brought up to it here, one step per
 * version; storage keeps them as they are until they are written next.
 * @throws Error if a newer version has written it, which this one must not touch: a rollback went too far back.
 */
export function readStored(record: unknown): StoredSession | undefined {
  const version = (record as { version?: unknown } | undefined)?.version;
  if (record !== undefined && version !== 1) {
    throw new Error(`Stored session has version ${String(version)}, this code knows 1: deploy the newer version`);
  }
  return record as StoredSession | undefined;
}

/** Wait before try number `tries + 1`, doubling up to a limit, the last quarter left to chance so that tries spread. */
export function registryRetryDelayMs(tries: number, random: () => number = Math.random): number {
  const wait = Math.min(REGISTRY_RETRY_FIRST_MS * 2 ** Math.min(tries, 30), REGISTRY_RETRY_LONGEST_MS);
  return Math.round(wait * (0.75 + 0.25 * random()));
}
