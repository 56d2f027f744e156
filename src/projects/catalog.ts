import {
  MAX_CATALOG_BYTES,
  MAX_PROJECTS_IN_ERROR,
  MAX_PROJECTS_PER_CATALOG,
  MAX_PROJECTS_PER_PAGE,
} from "../constants.ts";
import { fail, ok, type Result } from "../failure.ts";
import { migrate } from "../storage/migrations.ts";
import type {
  CatalogAnswer,
  CatalogOperation,
  CatalogOutcome,
  CatalogQuestion,
  CatalogReply,
  Registration,
} from "./catalog-requests.ts";
import { defaultConfigPath, discoveryKeys, nearest, resolveDots, rootKey } from "./discovery.ts";
import { nearMatches } from "./near-matches.ts";
import { type Project, refOf } from "./project.ts";
import type { ProjectFailure } from "./project-failure.ts";
import { MIGRATIONS, ProjectTable } from "./project-table.ts";

/**
 * The projects of one principal, or of one session of an anonymous caller, and the active one among them.
 *
 * Every change counts its version up, and none ever comes back: equal versions mean equal content. 0 is the version of a
 * catalog that holds nothing and never did; reading one writes nothing.
 */
export class Catalog {
  readonly #storage: DurableObjectStorage;
  readonly #projects: ProjectTable;
  /** Null until it is known. Nobody else writes this storage. */
  #tablesStand: boolean | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#projects = new ProjectTable(storage.sql);
  }

  /** An operation, if there is one, and a question about what is then: one round trip. */
  ask(operation: CatalogOperation | null, question: CatalogQuestion): CatalogReply {
    const outcome = operation === null ? null : this.#execute(operation);
    return { outcome, answer: this.resolve(question) };
  }

  #execute(operation: CatalogOperation): Result<CatalogOutcome, ProjectFailure> {
    const { kind } = operation;
    switch (kind) {
      case "register": {
        const registered = this.register(operation.registration);
        return registered.ok ? ok({ kind, ...registered.value }) : registered;
      }
      case "list":
        return ok({ kind, ...this.list(operation.cursor, MAX_PROJECTS_PER_PAGE) });
      case "remove":
        return ok({ kind, ...this.remove(operation.root) });
      case "set_active": {
        const set = this.setActive(operation.project);
        return set.ok ? ok({ kind, ...set.value }) : set;
      }
    }
  }

  /**
   * Registers the project of a root, or replaces it. A config without an id keeps the one that the root has, or is given a
   * new one. The same registration once more changes nothing.
   * Fails with `project_limit`.
   */
  register(
    registration: Registration,
  ): Result<{ project: Project; created: boolean; version: number }, ProjectFailure> {
    const { config } = registration;
    const root = resolveDots(registration.root);
    const key = rootKey(root);
    const exists = this.#exists();
    const before = exists ? this.#projects.get(key) : null;
    const configPath = registration.configPath ?? before?.configPath ?? defaultConfigPath(root);
    const project: Project = {
      id: config.project.id?.toLowerCase() ?? before?.id ?? crypto.randomUUID(),
      name: config.project.name,
      root,
      configPath,
      autoSwitch: config.auto_switch,
      strictMode: config.strict_mode,
      dryRun: config.dry_run,
    };
    const text = JSON.stringify(config);
    if (before !== null && isSame(before, project) && this.#projects.configText(key) === text) {
      return ok({ project, created: false, version: this.version() });
    }
    const others = exists ? this.#projects.usage(key) : { projects: 0, bytes: 0 };
    if (others.projects >= MAX_PROJECTS_PER_CATALOG) {
      return fail({ kind: "project_limit", root, configPath, limit: MAX_PROJECTS_PER_CATALOG, unit: "projects" });
    }
    if (others.bytes + bytesOf([key, project.id, project.name, root, configPath, text]) > MAX_CATALOG_BYTES) {
      return fail({ kind: "project_limit", root, configPath, limit: MAX_CATALOG_BYTES, unit: "bytes" });
    }
    const version = this.#change(() => this.#projects.put(key, project, text));
    return ok({ project, created: before === null, version });
  }

  /** One page of projects, ordered by root, and where the next one begins; null after the last. */
  list(cursor: string | null, limit: number): { projects: Project[]; nextCursor: string | null; version: number } {
    if (!this.#exists()) return { projects: [], nextCursor: null, version: 0 };
    const size = Math.min(Math.max(1, Math.trunc(limit)), MAX_PROJECTS_PER_PAGE);
    const entries = this.#projects.after(cursor ?? "", size + 1);
    const page = entries.slice(0, size);
    const nextCursor = entries.length > size ? (page.at(-1)?.key ?? null) : null;
    return { projects: page.map(({ project }) => project), nextCursor, version: this.version() };
  }

  /** Removes the project of `root`. If it was the active one, none is active afterwards. May be repeated. */
  remove(root: string): { removed: boolean; wasActive: boolean; version: number } {
    const key = rootKey(root);
    if (!this.#exists() || this.#projects.get(key) === null) {
      return { removed: false, wasActive: false, version: this.version() };
    }
    const wasActive = this.#activeKey() === key;
    const version = this.#change(() => {
      this.#projects.remove(key);
      if (wasActive) this.#storeActive(null);
    });
    return { removed: true, wasActive, version };
  }

  /** Makes the project of this id or name the active one; null: none. Fails as {@link find} does. */
  setActive(project: string | null): Result<{ active: Project | null; version: number }, ProjectFailure> {
    const found = project === null ? null : this.find(project);
    if (found?.ok === false) return found;
    const active = found?.value ?? null;
    const key = active === null ? null : rootKey(active.root);
    if (!this.#exists() || key === this.#activeKey()) return ok({ active, version: this.version() });
    return ok({ active, version: this.#change(() => this.#storeActive(key)) });
  }

  getActive(): Project | null {
    const key = this.#exists() ? this.#activeKey() : null;
    return key === null ? null : this.#projects.get(key);
  }

  /**
   * The project with this id, else the one with exactly this name. Several roots with the same id are one project, of
   * which the first root is returned. Fails with `project_not_found` or `project_ambiguous`.
   */
  find(idOrName: string): Result<Project, ProjectFailure> {
    const candidates = this.#exists() ? this.#projects.called(idOrName) : [];
    const byId = candidates.find(({ id }) => id === idOrName.toLowerCase());
    if (byId !== undefined) return ok(byId);
    const [first] = candidates;
    if (first === undefined) {
      const near = this.#exists() ? nearMatches(idOrName, this.#projects.refs()) : [];
      return fail({ kind: "project_not_found", project: idOrName, near });
    }
    if (candidates.every(({ id }) => id === first.id)) return ok(first);
    const matches = candidates.slice(0, MAX_PROJECTS_IN_ERROR).map(({ id, root }) => ({ id, root }));
    return fail({ kind: "project_ambiguous", name: idOrName, count: candidates.length, matches });
  }

  /** The project nearest to `directory` on the way up. The whole walk is one query. */
  discover(directory: string): { found: Project | null; version: number } {
    if (!this.#exists()) return { found: null, version: 0 };
    const keys = discoveryKeys(directory);
    const byKey = new Map(this.#projects.at(keys).map(({ key, project }) => [key, project]));
    return { found: nearest(directory, (key) => byKey.get(key)), version: this.version() };
  }

  /** Everything for one resolution. */
  resolve({ explicit, workingDirectory, knownVersion, currentId }: CatalogQuestion): CatalogAnswer {
    const version = this.version();
    const stale = workingDirectory !== null && version !== knownVersion;
    const current = stale && currentId !== null ? this.#byId(currentId) : null;
    return {
      version,
      explicit: explicit === null ? null : this.find(explicit),
      discovered: stale
        ? { found: this.discover(workingDirectory).found, current: current === null ? null : refOf(current) }
        : null,
      active: this.getActive(),
    };
  }

  /** The whole config of a root as JSON, with the fields that this server does not know; or null. */
  configOf(root: string): string | null {
    return this.#exists() ? this.#projects.configText(rootKey(root)) : null;
  }

  /** To be called when the storage was emptied from outside. */
  forgetTables(): void {
    this.#tablesStand = null;
  }

  version(): number {
    if (!this.#exists()) return 0;
    return this.#storage.sql.exec<{ version: number }>("SELECT version FROM catalog").one().version;
  }

  /** Forgets every project: the catalog of an anonymous session goes with its context. */
  clear(): void {
    if (!this.#exists() || (this.#projects.isEmpty() && this.#activeKey() === null)) return;
    this.#change(() => {
      this.#projects.removeAll();
      this.#storeActive(null);
    });
  }

  #byId(id: string): Project | null {
    return (this.#exists() ? this.#projects.called(id) : []).find((project) => project.id === id) ?? null;
  }

  #exists(): boolean {
    this.#tablesStand ??= migrate(this.#storage, MIGRATIONS, { create: false });
    return this.#tablesStand;
  }

  /** Makes a change and counts the version up, in one transaction. Returns the new version. */
  #change(change: () => void): number {
    const { sql } = this.#storage;
    const version = this.#storage.transactionSync(() => {
      if (!this.#exists()) {
        migrate(this.#storage, MIGRATIONS, { create: true });
        // At random: a catalog that was cleared and begins anew must not come back to a version it had, and no clock is
        // asked. Room enough above for every change that will ever be.
        const epoch = Math.floor(Math.random() * 2 ** 52);
        sql.exec("INSERT INTO catalog (version, active_key) VALUES (?, NULL)", epoch);
      }
      change();
      return sql.exec<{ version: number }>("UPDATE catalog SET version = version + 1 RETURNING version").one().version;
    });
    this.#tablesStand = true;
    return version;
  }

  #activeKey(): string | null {
    return this.#storage.sql.exec<{ key: string | null }>("SELECT active_key AS key FROM catalog").one().key;
  }

  #storeActive(key: string | null): void {
    this.#storage.sql.exec("UPDATE catalog SET active_key = ?", key);
  }
}

const utf8 = new TextEncoder();

const bytesOf = (texts: readonly string[]): number =>
  texts.reduce((bytes, text) => bytes + utf8.encode(text).length, 0);

const isSame = (a: Project, b: Project): boolean =>
  (Object.keys(b) as (keyof Project)[]).every((field) => a[field] === b[field]);
