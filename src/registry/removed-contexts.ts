/** How long a shard remembers a removal. Longer than a call can be in flight. */
const REMEMBERED_MS = 10 * 60 * 1000;
const MAX_REMEMBERED = 10_000;

/**
 * The contexts that were unregistered recently. A registration whose caller has timed out cannot be cancelled; if it arrives
 * after the context was removed, it must not add a row. In memory only: a restart of the shard drops such calls anyway.
 */
export class RemovedContexts {
  /** By session id, in order of removal. */
  readonly #removed = new Map<string, { readonly openedAt: number; readonly at: number }>();

  add(sessionId: string, openedAt: number, now: number): void {
    const before = this.#removed.get(sessionId);
    this.#removed.delete(sessionId);
    this.#removed.set(sessionId, { openedAt: Math.max(openedAt, before?.openedAt ?? 0), at: now });
    for (const [oldest, { at }] of this.#removed) {
      if (this.#removed.size <= MAX_REMEMBERED && now - at < REMEMBERED_MS) break;
      this.#removed.delete(oldest);
    }
  }

  /** Whether the session's context that began at `openedAt`, or a newer one, was removed recently. */
  has(sessionId: string, openedAt: number): boolean {
    return openedAt <= (this.#removed.get(sessionId)?.openedAt ?? Number.NEGATIVE_INFINITY);
  }
}
