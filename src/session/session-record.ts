import { asRegistered, readStored, type StoredSession } from "./session-context.ts";

const KEY = "session";

/**
 * The stored record of one session and its alarm. Both are cached in memory: only this object writes the storage, and reading
 * them takes a third of a call. After {@link load}, reads are synchronous, so what is read here is valid until the next await.
 */
export class SessionRecord {
  readonly #storage: DurableObjectStorage;
  readonly #kv: SyncKvStorage;
  readonly #onDeleted: () => void;
  /** Null: not read from storage yet. */
  #stored: { readonly value: StoredSession | undefined } | null = null;
  /** Undefined: not read from storage yet. Null: no alarm is set. */
  #alarm: number | null | undefined = undefined;
  /** Counts writes, so that a stale read of the alarm is discarded. */
  #writes = 0;

  /** @param onDeleted Called when all storage is deleted, to drop other caches of it. */
  constructor(storage: DurableObjectStorage, onDeleted: () => void = () => {}) {
    this.#storage = storage;
    this.#onDeleted = onDeleted;
    // The platform creates a new object on each access to `storage.kv`.
    this.#kv = storage.kv;
  }

  /** Reads the alarm from storage. If the alarm is written meanwhile, discards the result: check {@link alarm} again. */
  async load(): Promise<void> {
    const writes = this.#writes;
    const alarm = await this.#storage.getAlarm();
    if (writes === this.#writes) this.#alarm = alarm;
  }

  /** When the alarm is due; null if none is set, undefined if unknown: call {@link load}. */
  get alarm(): number | null | undefined {
    return this.#alarm;
  }

  /** The current record, without `registration` if the alarm says that the row is confirmed ({@link asRegistered}). */
  get stored(): StoredSession | undefined {
    this.#stored ??= { value: readStored(this.#kv.get(KEY)) };
    return asRegistered(this.#stored.value, this.#alarm ?? null);
  }

  /** Drops the cached alarm: the platform deletes an alarm before it calls the handler. */
  forgetAlarm(): void {
    this.#writes++;
    this.#alarm = undefined;
  }

  /** Writes the record; the alarm stays. */
  put(session: StoredSession): void {
    this.#kv.put(KEY, session);
    this.#stored = { value: session };
  }

  /** Writes record and alarm, in one transaction: there is no await between them. */
  async store(session: StoredSession, alarm: number): Promise<void> {
    const before = this.stored;
    this.put(session);
    const written = this.#stored;
    try {
      await this.setAlarm(alarm);
    } catch (error) {
      // The platform resets an object whose write fails. If it does not, the record must not be written without the alarm.
      if (this.#stored === written && before !== undefined) this.put(before);
      else if (this.#stored === written) this.#kv.delete(KEY);
      this.#stored = null;
      throw error;
    }
  }

  /** Writes the alarm; the record stays. @param options.allowUnconfirmed Whether answers may be sent before it is stored. */
  async setAlarm(at: number, options: { allowUnconfirmed?: boolean } = {}): Promise<void> {
    this.forgetAlarm();
    this.#alarm = at;
    const write = this.#writes;
    try {
      await this.#storage.setAlarm(at, options);
    } catch (error) {
      if (write === this.#writes) this.forgetAlarm();
      throw error;
    }
  }

  /** Deletes everything in this storage, including the alarm. */
  async deleteAll(): Promise<void> {
    this.forgetAlarm();
    this.#alarm = null;
    this.#stored = { value: undefined };
    try {
      const deleted = this.#storage.deleteAll();
      this.#onDeleted();
      await deleted;
    } catch (error) {
      this.forgetAlarm();
      this.#stored = null;
      throw error;
    }
  }
}
