import { AUDIT_BATCH, AUDIT_INTERVAL_MS, AUDIT_PAUSE_MS } from "../constants.ts";

/**
 * From the beginning of one batch of the audit to that of the next, in milliseconds: a second, or less in a shard with so many rows
 * that it would not be done in half a day.
 */
export const auditPaceMs = (sessions: number): number =>
  Math.min(AUDIT_PAUSE_MS, Math.floor((AUDIT_INTERVAL_MS / 2) * (AUDIT_BATCH / Math.max(1, sessions))));
