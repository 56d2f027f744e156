import { waitUntil } from "cloudflare:workers";
import type { Logger } from "../../base/log.ts";
import { within } from "../../base/time-limit.ts";
import { fail, ok, type Result } from "../../model/failure.ts";
import { readStream } from "../edge/request-limits.ts";
import { KeySet } from "./key-set.ts";
import {
  JWKS_INTERVAL_MS,
  JWKS_MAX_AGE_MS,
  JWKS_POLL_MS,
  JWKS_REFRESH_AFTER_MS,
  JWKS_STALE_AFTER_MS,
  JWKS_TIMEOUT_MS,
  MAX_JWKS_BYTES,
} from "./limits.ts";

/** One instance per URL and isolate: all requests share the keys and the limit on fetching them. */
const byUrl = new Map<string, IssuerKeys>();

export function issuerKeys(url: string, log: Logger): IssuerKeys {
  const keys = byUrl.get(url) ?? new IssuerKeys(url, log);
  byUrl.set(url, keys);
  return keys;
}

/**
 * The keys that an issuer publishes. At most one fetch starts per `JWKS_INTERVAL_MS`, whatever clients send and the issuer
 * answers, and none takes longer than `JWKS_TIMEOUT_MS`, so fetches never overlap.
 *
 * | age of the keys | what happens |
 * |---|---|
 * | below `JWKS_REFRESH_AFTER_MS` | used |
 * | below `JWKS_STALE_AFTER_MS` | used, and refreshed in the background |
 * | below `JWKS_MAX_AGE_MS` | refreshed first; used as they are if the last fetch failed |
 * | older | not used |
 */
export class IssuerKeys {
  readonly #url: string;
  readonly #log: Logger;
  #set: KeySet | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #underWay = false;
  /** Whether the last completed fetch failed. */
  #failing = false;
  /** The key set for which an unusable key has been logged. */
  #reported: KeySet | null = null;

  constructor(url: string, log: Logger) {
    this.#url = url;
    this.#log = log;
  }

  /** Keys that can be used without waiting, or null. Starts a refresh if it is due. */
  ready(): KeySet | null {
    if (this.#set === null) return null;
    const age = Date.now() - this.#set.fetchedAt;
    if (age >= JWKS_REFRESH_AFTER_MS) this.#startFetch();
    return age < JWKS_STALE_AFTER_MS || (age < JWKS_MAX_AGE_MS && this.#failing) ? this.#set : null;
  }

  /** Keys to verify with. Waits for a fetch if necessary; null if no keys are available. */
  async current(): Promise<KeySet | null> {
    const ready = this.ready();
    if (ready !== null) return ready;
    this.#startFetch();
    await this.#fetched();
    return this.ready();
  }

  /** Keys newer than `known`, for a token whose key `known` lacks. Null if no fetch may start yet, or it failed. */
  async newerThan(known: KeySet): Promise<KeySet | null> {
    if (this.#set === known) this.#startFetch();
    await this.#fetched();
    const ready = this.ready();
    return ready === known ? null : ready;
  }

  /** Seconds until a client that found no usable keys may retry. */
  retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.#startedAt + JWKS_INTERVAL_MS - Date.now()) / 1000));
  }

  /** Logs that a key cannot be used, such as RSA below 2048 bits; once per key set. */
  reportUnusable(set: KeySet, error: unknown): void {
    if (this.#reported === set) return;
    this.#reported = set;
    this.#log("error", "token_keys_unavailable", { url: this.#url, error: `A key cannot be used: ${String(error)}` });
  }

  #startFetch(): void {
    const now = Date.now();
    if (now < this.#startedAt + JWKS_INTERVAL_MS) return;
    this.#startedAt = now;
    this.#underWay = true;
    // The fetch serves all requests, so it must outlive the one that started it.
    waitUntil(this.#fetch(now));
  }

  async #fetch(startedAt: number): Promise<void> {
    const set = await fetchKeySet(this.#url, startedAt);
    this.#underWay = false;
    this.#failing = !set.ok;
    if (set.ok) {
      this.#set = set.value;
      return;
    }
    const usable = this.ready() !== null;
    this.#log(usable ? "warn" : "error", "token_keys_unavailable", { url: this.#url, error: set.failure });
  }

  /**
   * Resolves when no fetch is in progress. Polls, because on Workers a request must not await work that another request
   * started: that request may end before the work is done.
   */
  async #fetched(): Promise<void> {
    while (this.#underWay && Date.now() < this.#startedAt + JWKS_TIMEOUT_MS) await scheduler.wait(JWKS_POLL_MS);
  }
}

/** The published keys, or an error text for the log. */
async function fetchKeySet(url: string, fetchedAt: number): Promise<Result<KeySet, string>> {
  const abort = new AbortController();
  try {
    return await within(JWKS_TIMEOUT_MS, download(url, fetchedAt, abort.signal));
  } catch (error) {
    return fail(String(error));
  } finally {
    abort.abort();
  }
}

async function download(url: string, fetchedAt: number, signal: AbortSignal): Promise<Result<KeySet, string>> {
  const response = await fetch(url, {
    signal,
    // Following a redirect would trust the keys of another host.
    redirect: "manual",
    headers: { Accept: "application/jwk-set+json, application/json", "User-Agent": "mcp-session-context" },
  });
  if (response.status !== 200) return fail(`Answered with status ${response.status}, not 200`);
  const body = await readStream(response.body, MAX_JWKS_BYTES);
  if (body === null) return fail(`Answered with more than ${MAX_JWKS_BYTES} bytes`);
  try {
    return ok(new KeySet(JSON.parse(new TextDecoder().decode(body)), fetchedAt));
  } catch {
    return fail("Answered with something other than a JSON Web Key Set");
  }
}
