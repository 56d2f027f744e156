/** The caller's position in a distributed trace. */
export interface TraceContext {
  readonly traceId: string;
  /** The caller's span, the parent of this request. */
  readonly parentId: string;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header. Later versions may append fields but not change these. */
const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** The trace in a message's `_meta.traceparent`; null if absent or invalid. */
export function traceOf(meta: unknown): TraceContext | null {
  const traceparent = (meta as { traceparent?: unknown } | null | undefined)?.traceparent;
  if (typeof traceparent !== "string") return null;
  const [, version, traceId, parentId, more] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || parentId === undefined || (version === "00" && more !== undefined)) return null;
  return { traceId, parentId };
}
