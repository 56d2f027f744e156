/** Each level includes those after it. */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * The fields of a log line besides level and event.
 * @example
 * ```ts
 * import type { LogFields } from "mcp-session-context";
 *
 * const fields: LogFields = { city: "Bern", cached: false, duration_ms: 12 };
 * ```
 */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/**
 * Writes one JSON line per event, which Workers Logs indexes by field.
 * @example
 * ```ts
 * import type { Logger } from "mcp-session-context";
 *
 * const note = (log: Logger, city: string) => log("info", "forecast_fetched", { city });
 * ```
 */
export type Logger = (level: LogLevel, event: string, fields: LogFields) => void;

/** A logger that drops everything below `threshold`. */
export function createLogger(threshold: LogLevel): Logger {
  return (level, event, fields) => {
    if (RANK[level] < RANK[threshold]) return;
    const line = JSON.stringify({ level, event, ...fields });
    if (level === "error") console.error(line);
    else console.log(line);
  };
}

/** The form of a session id in logs above debug level: enough to follow one session, too little to use it. */
export const shortSessionId = (sessionId: string): string => `${sessionId.slice(0, 11)}…`;
