import { migrate } from "../base/migrations.ts";
import { utf8Bytes } from "../base/utf8-bytes.ts";
import { fail, ok, type Result } from "../model/failure.ts";
import type {
  CatalogAnswer,
  CatalogOperation,
  CatalogOutcome,
  CatalogQuestion,
  CatalogReply,
  ProjectRegistration,
} from "./catalog-requests.ts";
import { defaultConfigPath, discoveryKeys, nearest, resolveDots, rootKey } from "./discovery.ts";
import { MAX_CATALOG_BYTES, MAX_PROJECTS_IN_ERROR, MAX_PROJECTS_PER_CATALOG, MAX_PROJECTS_PER_PAGE } from "./limits.ts";
import { nearMatches } from "./near-matches.ts";
import { type Project, refOf } from "./project.ts";
import type { ProjectFailure } from "./project-failure.ts";
import { MIGRATIONS, ProjectTable } from "./project-table.ts";

/**
 * The projects of one principal, or of one session of an anonymous caller, and which of them is active.
 *
 * Every change increments the version, and versions are never reused: equal versions mean equal content. A catalog that was
 * never written has version 0; reading it writes nothing.
 */
export class Catalog {
  readonly #storage: DurableObjectStorage;
  readonly #projects: ProjectTable;
  /** Null until checked. Cached, since no other code creates these tables. */
  #tablesStand: boolean | null = null;

  constructor(storage: DurableObjectStorage) {
    this.#storage = storage;
    this.#projects = new ProjectTable(storage.sql);
  }

  /** Executes an operation, if there is one, and then answers a question: one round trip. */
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
   * Registers the project of a root, or replaces it. With a config without an id, the root keeps its id or gets a new one.
   * Repeating a registration changes nothing.
   * Fails with `project_limit`.
   */
  register(
    registration: ProjectRegistration,
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

  /** One page of projects, ordered by root. `nextCursor` is null on the last page. */
  list(cursor: string | null, limit: number): { projects: Project[]; nextCursor: string | null; version: number } {
    if (!this.#exists()) return { projects: [], nextCursor: null, version: 0 };
    const size = Math.min(Math.max(1, Math.trunc(limit)), MAX_PROJECTS_PER_PAGE);
    const entries = this.#projects.after(cursor ?? "", size + 1);
    const page = entries.slice(0, size);
    const nextCursor = entries.length > size ? (page.at(-1)?.key ?? null) : null;
    return { projects: page.map(({ project }) => project), nextCursor, version: this.version() };
  }

  /** Removes the project of `root`. If it was active, no project is active afterwards. Idempotent. */
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

  /** Makes the project with this id or name active; null deactivates. Fails like {@link find}. */
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
   * The project with this id, or else with exactly this name. Roots with the same id are one project; the first of them is
   * returned. Fails with `project_not_found` or `project_ambiguous`.
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

  /** The project of `directory` or of its nearest ancestor with a project. Needs only one query. */
  discover(directory: string): { found: Project | null; version: number } {
    if (!this.#exists()) return { found: null, version: 0 };
    const keys = discoveryKeys(directory);
    const byKey = new Map(this.#projects.at(keys).map(({ key, project }) => [key, project]));
    return { found: nearest(directory, (key) => byKey.get(key)), version: this.version() };
  }

  /** Answers everything that one resolution needs. */
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

  /** The whole config of a root as JSON, including fields unknown to this server; null if there is none. */
  configOf(root: string): string | null {
    return this.#exists() ? this.#projects.configText(rootKey(root)) : null;
  }

  /** Call this after other code has deleted the storage. */
  forgetTables(): void {
    this.#tablesStand = null;
  }

  version(): number {
    if (!this.#exists()) return 0;
    return this.#storage.sql.exec<{ version: number }>("SELECT version FROM catalog").one().version;
  }

  /** Deletes every project: an anonymous session's catalog ends with its context. */
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

  /** Makes a change and increments the version, in one transaction. Returns the new version. */
  #change(change: () => void): number {
    const { sql } = this.#storage;
    const version = this.#storage.transactionSync(() => {
      if (!this.#exists()) {
        migrate(this.#storage, MIGRATIONS, { create: true });
        // Random, so that a catalog created again does not reuse versions, without relying on a clock. At least 2 ** 52
        // increments fit above it within the safe integers.
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

const bytesOf = (texts: readonly string[]): number => texts.reduce((bytes, text) => bytes + utf8Bytes(text), 0);

const isSame = (a: Project, b: Project): boolean =>
  (Object.keys(b) as (keyof Project)[]).every((field) => a[field] === b[field]);
