/** How long a shard remembers that it removed a context. Longer than a call can be on its way. */
const REMEMBERED_MS = 10 * 60 * 1000;
const MAX_REMEMBERED = 10_000;

/**
 * The contexts that were unregistered lately, so that a registration that arrives after its own removal adds no row: its
 * caller has stopped waiting for it, but nobody can call it back. In memory: a shard that restarts drops such calls itself.
 */
export class RemovedContexts {
  /** By session, in the order of removal. */
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

  /** Whether the context of this session that began at `openedAt`, or a newer one, was removed. */
  has(sessionId: string, openedAt: number): boolean {
    return openedAt <= (this.#removed.get(sessionId)?.openedAt ?? Number.NEGATIVE_INFINITY);
  }
}
