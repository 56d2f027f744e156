import type { LogFields, Logger } from "../base/log.ts";

/** Replaces a thrown error, whose text may be confidential: it is logged under a reference, and clients see only the reference. */
export class InternalError extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`Internal error. Try again; if it persists, report reference ${reference}`);
    this.reference = reference;
  }
}

/** Logs a thrown error, unless it was logged before, and returns its replacement. */
export function internalError(error: unknown, log: Logger, event: string, fields: LogFields = {}): InternalError {
  if (error instanceof InternalError) return error;
  const reference = crypto.randomUUID();
  log("error", event, { ...fields, reference, error: String((error as Error)?.stack ?? error) });
  return new InternalError(reference);
}
