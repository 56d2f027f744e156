import { waitUntil } from "cloudflare:workers";
import {
  JWKS_INTERVAL_MS,
  JWKS_MAX_AGE_MS,
  JWKS_POLL_MS,
  JWKS_REFRESH_AFTER_MS,
  JWKS_STALE_AFTER_MS,
  JWKS_TIMEOUT_MS,
  MAX_JWKS_BYTES,
} from "../constants.ts";
import { fail, ok, type Result } from "../failure.ts";
import type { Logger } from "../log.ts";
import { within } from "../time-limit.ts";
import { KeySet } from "./key-set.ts";
import { readStream } from "./request-limits.ts";

/** One per URL for as long as the isolate lives: all requests share the keys and the limit on fetching them. */
const byUrl = new Map<string, IssuerKeys>();

export function issuerKeys(url: string, log: Logger): IssuerKeys {
  const keys = byUrl.get(url) ?? new IssuerKeys(url, log);
  byUrl.set(url, keys);
  return keys;
}

/**
 * The keys that an issuer publishes. At most one fetch starts in `JWKS_INTERVAL_MS`, whatever arrives and whatever the
 * issuer answers, and none lasts longer than `JWKS_TIMEOUT_MS`, so no two overlap.
 *
 * | age of the keys | what happens |
 * |---|---|
 * | below `JWKS_REFRESH_AFTER_MS` | used |
 * | below `JWKS_STALE_AFTER_MS` | used, and fetched anew in the background |
 * | below `JWKS_MAX_AGE_MS` | fetched anew first; used if the issuer is known to be failing |
 * | older | not used |
 */
export class IssuerKeys {
  readonly #url: string;
  readonly #log: Logger;
  #set: KeySet | null = null;
  #startedAt = Number.NEGATIVE_INFINITY;
  #underWay = false;
  /** Whether the last fetch that ended has failed. */
  #failing = false;
  /** The set whose unusable key has been logged. */
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

  /** Keys to verify with, after waiting for a fetch if need be; null if there are none to be had now. */
  async current(): Promise<KeySet | null> {
    const ready = this.ready();
    if (ready !== null) return ready;
    this.#startFetch();
    await this.#fetched();
    return this.ready();
  }

  /** Other keys than `known`, which lacks the key of some token; null if none may be fetched now or none have come. */
  async newerThan(known: KeySet): Promise<KeySet | null> {
    if (this.#set === known) this.#startFetch();
    await this.#fetched();
    const ready = this.ready();
    return ready === known ? null : ready;
  }

  /** When a client that found no usable keys may try again. */
  retryAfterSeconds(): number {
    return Math.max(1, Math.ceil((this.#startedAt + JWKS_INTERVAL_MS - Date.now()) / 1000));
  }

  /** Logs that a key cannot be used, such as RSA below 2048 bits, once for each set. */
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
    // The fetch serves all requests, so it must not end with the one that started it.
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
   * Resolves when no fetch is under way. It polls, since a request on Workers must not await what another one has begun:
   * that request may be gone before it is done.
   */
  async #fetched(): Promise<void> {
    while (this.#underWay && Date.now() < this.#startedAt + JWKS_TIMEOUT_MS) await scheduler.wait(JWKS_POLL_MS);
  }
}

/** The published keys, or what was wrong, for the log. */
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
    // Keys that another host serves could be anybody's.
    redirect: "manual",
    headers: { Accept: "application/jwk-set+json, application/json", "User-Agent": "mcp-session-context" },
  });
  if (response.status !== 200) return fail(`Answered with status ${response.status}, not 200`);
  const body = await readStream(response.body, MAX_JWKS_BYTES);
  if (body === null) return fail(`Answered with more than ${MAX_JWKS_BYTES} bytes`);
  try {
    return ok(new KeySet(JSON.parse(new TextDecoder().decode(body)), fetchedAt));
  } catch {
    return fail("Answered with something else than a JSON Web Key Set");
  }
}
