import type { LogFields, Logger } from "../log.ts";

/** Stands for a thrown error whose text may name anything: the log has it under this reference, and clients see only that. */
export class InternalError extends Error {
  readonly reference: string;

  constructor(reference: string) {
    super(`Internal error. Try again; if it stays, report reference ${reference}`);
    this.reference = reference;
  }
}

/** Writes a thrown error to the log, unless that was done before, and returns what stands for it. */
export function internalError(error: unknown, log: Logger, event: string, fields: LogFields = {}): InternalError {
  if (error instanceof InternalError) return error;
  const reference = crypto.randomUUID();
  log("error", event, { ...fields, reference, error: String((error as Error)?.stack ?? error) });
  return new InternalError(reference);
}
