import { asRegistered, readStored, type StoredSession } from "./session-context.ts";

const KEY = "session";

/** What storage holds of a session: the record, and the alarm that belongs to it. */
export interface RecordAndAlarm {
  readonly stored: StoredSession | undefined;
  readonly alarm: number | null;
}

/**
 * The stored record of one session and its alarm. What storage gave is remembered for the reads of a burst, until anything
 * is written: reading record and alarm costs a third of a call. Nobody else writes this storage.
 */
export class SessionRecord {
  readonly #storage: DurableObjectStorage;
  readonly #kv: SyncKvStorage;
  readonly #onDeleted: () => void;
  #known: RecordAndAlarm | null = null;
  #writesUnderWay = 0;

  /** @param onDeleted Called when the storage has been emptied, for whoever remembers what was in it. */
  constructor(storage: DurableObjectStorage, onDeleted: () => void = () => {}) {
    this.#storage = storage;
    this.#onDeleted = onDeleted;
    // Taken once: the platform makes a new one each time it is asked.
    this.#kv = storage.kv;
  }

  /** Record and alarm, the one as the other shows it; from memory where nothing was written since they were read. */
  async read(): Promise<RecordAndAlarm> {
    if (this.#known !== null) return this.#known;
    const alarm = await this.#storage.getAlarm();
    const read = { stored: asRegistered(this.stored(), alarm), alarm };
    if (read.stored !== undefined && alarm !== null && this.#writesUnderWay === 0) this.#known = read;
    return read;
  }

  /** The record as it is stored at this moment. */
  stored(): StoredSession | undefined {
    return readStored(this.#kv.get(KEY));
  }

  /** When the alarm is due, as the platform has it at this moment: it takes it away before it calls. */
  alarm(): Promise<number | null> {
    this.#known = null;
    return this.#storage.getAlarm();
  }

  /** Record and alarm, both or neither. */
  store(session: StoredSession, alarm: number): Promise<void> {
    return this.#write(() =>
      this.#storage.transaction(() => {
        this.#kv.put(KEY, session);
        return this.#storage.setAlarm(alarm);
      }),
    );
  }

  /** The record alone; the alarm stays. */
  put(session: StoredSession): void {
    const known = this.#known;
    this.#known = null;
    this.#kv.put(KEY, session);
    // If it does not reach the disk after all, the platform stops this object, and its memory with it.
    if (known !== null) this.#known = { stored: session, alarm: known.alarm };
  }

  /** The alarm alone. @param options.allowUnconfirmed Whether answers need not wait for it. */
  setAlarm(at: number, options: { allowUnconfirmed?: boolean } = {}): Promise<void> {
    return this.#write(() => this.#storage.setAlarm(at, options));
  }

  /** Everything in this storage, the alarm included. */
  async deleteAll(): Promise<void> {
    await this.#write(() => this.#storage.deleteAll());
    this.#onDeleted();
  }

  /** While it is under way storage may give what was before or what will be, and it may yet fail: nothing is remembered. */
  async #write(write: () => Promise<void>): Promise<void> {
    this.#known = null;
    this.#writesUnderWay++;
    try {
      await write();
    } finally {
      this.#writesUnderWay--;
    }
  }
}
