import { asRegistered, readStored, type StoredSession } from "./session-context.ts";

const KEY = "session";

/**
 * The stored record of one session and its alarm, both kept in memory: nobody else writes this storage, and reading them
 * costs a third of a call. Once {@link load} has learnt the alarm, reading and writing are synchronous, so that between two
 * awaits nothing read here can become stale.
 */
export class SessionRecord {
  readonly #storage: DurableObjectStorage;
  readonly #kv: SyncKvStorage;
  readonly #onDeleted: () => void;
  /** Null: to be read from storage. */
  #stored: { readonly value: StoredSession | undefined } | null = null;
  /** Undefined: to be read from storage. Null: none is set. */
  #alarm: number | null | undefined = undefined;
  /** Counts writes, so that an answer of storage that a write has overtaken is not taken for the present. */
  #writes = 0;

  /** @param onDeleted Called when the storage has been emptied, for whoever remembers what was in it. */
  constructor(storage: DurableObjectStorage, onDeleted: () => void = () => {}) {
    this.#storage = storage;
    this.#onDeleted = onDeleted;
    // Taken once: the platform makes a new one each time it is asked.
    this.#kv = storage.kv;
  }

  /** Reads the alarm from storage. Stays unknown if a write came meanwhile: look again. */
  async load(): Promise<void> {
    const writes = this.#writes;
    const alarm = await this.#storage.getAlarm();
    if (writes === this.#writes) this.#alarm = alarm;
  }

  /** The alarm, as far as it is known: undefined before {@link load}. */
  get alarm(): number | null | undefined {
    return this.#alarm;
  }

  /** The record at this moment, as its alarm shows it ({@link asRegistered}). */
  get stored(): StoredSession | undefined {
    this.#stored ??= { value: readStored(this.#kv.get(KEY)) };
    return asRegistered(this.#stored.value, this.#alarm ?? null);
  }

  /** The platform takes the alarm away before it calls, or has set another one since. */
  forgetAlarm(): void {
    this.#writes++;
    this.#alarm = undefined;
  }

  /** The record alone; the alarm stays. */
  put(session: StoredSession): void {
    this.#kv.put(KEY, session);
    this.#stored = { value: session };
  }

  /** Record and alarm. With no await between them they are one transaction. */
  async store(session: StoredSession, alarm: number): Promise<void> {
    const before = this.stored;
    this.put(session);
    const written = this.#stored;
    try {
      await this.setAlarm(alarm);
    } catch (error) {
      // The platform resets an object whose write fails; if it lives on all the same, the record must not go without the alarm.
      if (this.#stored === written && before !== undefined) this.put(before);
      else if (this.#stored === written) this.#kv.delete(KEY);
      this.#stored = null;
      throw error;
    }
  }

  /** The alarm alone. @param options.allowUnconfirmed Whether answers need not wait for it. */
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

  /** Everything in this storage, the alarm included. */
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
