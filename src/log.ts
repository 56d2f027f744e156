import type { LogLevel } from "./config.ts";

const RANK: Record<LogLevel, number> = { debug: 0, info: 1, warn: 2, error: 3 };

export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** Writes one JSON line per event, which Workers Logs indexes by field. */
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

/** The form in which a session id may appear above debug: enough to follow one session, too little to use it. */
export const shortSessionId = (sessionId: string): string => `${sessionId.slice(0, 11)}…`;
