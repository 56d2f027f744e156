import type { Project } from "./project.ts";

/** The tables of a catalog. Append-only: see `base/migrations.ts`. */
export const MIGRATIONS: readonly string[] = [
  // The config is the last column, so a scan of ids and names never reads the overflow pages of large configs. Neither has
  // an index: 1,000 rows read cost as much as one row written, and indexes would add two rows written per registration.
  `CREATE TABLE project (
     root_key TEXT PRIMARY KEY,
     id TEXT NOT NULL,
     name TEXT NOT NULL,
     root TEXT NOT NULL,
     config_path TEXT NOT NULL,
     auto_switch INTEGER NOT NULL,
     strict_mode INTEGER NOT NULL,
     dry_run INTEGER NOT NULL,
     config TEXT NOT NULL
   ) WITHOUT ROWID;
   CREATE TABLE catalog (version INTEGER NOT NULL, active_key TEXT);`,
];

const COLUMNS = "root_key, id, name, root, config_path, auto_switch, strict_mode, dry_run";

const TEXTS = ["root_key", "id", "name", "root", "config_path", "config"];

type Row = {
  root_key: string;
  id: string;
  name: string;
  root: string;
  config_path: string;
  auto_switch: number;
  strict_mode: number;
  dry_run: number;
};

/** A project and the key of its root. */
export interface Entry {
  readonly key: string;
  readonly project: Project;
}

/** SQL access to the rows of a catalog, without its rules. The tables must exist. */
export class ProjectTable {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  get(key: string): Project | null {
    return this.#select("WHERE root_key = ?", key)[0]?.project ?? null;
  }

  /** The text of the config, or null. */
  configText(key: string): string | null {
    const [row] = this.#sql.exec<{ config: string }>("SELECT config FROM project WHERE root_key = ?", key).toArray();
    return row?.config ?? null;
  }

  put(key: string, { id, name, root, configPath, autoSwitch, strictMode, dryRun }: Project, config: string): void {
    this.#sql.exec(
      `INSERT OR REPLACE INTO project (${COLUMNS}, config) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      key,
      id,
      name,
      root,
      configPath,
      Number(autoSwitch),
      Number(strictMode),
      Number(dryRun),
      config,
    );
  }

  /** Returns whether there was one. */
  remove(key: string): boolean {
    return this.#sql.exec("DELETE FROM project WHERE root_key = ?", key).rowsWritten > 0;
  }

  removeAll(): void {
    this.#sql.exec("DELETE FROM project");
  }

  /** The number and total size of all projects except that of `key`. */
  usage(key: string): { projects: number; bytes: number } {
    // The lengths come from the row headers: no config is read.
    return this.#sql
      .exec<{ projects: number; bytes: number }>(
        `SELECT COUNT(*) AS projects, COALESCE(SUM(${TEXTS.map((column) => `octet_length(${column})`).join(" + ")}), 0) AS bytes
         FROM project WHERE root_key != ?`,
        key,
      )
      .one();
  }

  isEmpty(): boolean {
    return this.#sql.exec("SELECT 1 FROM project LIMIT 1").toArray().length === 0;
  }

  /** The projects of `keys`, all in one query. */
  at(keys: readonly string[]): Entry[] {
    return this.#select(`WHERE root_key IN (${keys.map(() => "?").join(", ")})`, ...keys);
  }

  /** Projects whose id or name is `text`, ordered by root. */
  called(text: string): Project[] {
    return this.#select("WHERE id = ? OR name = ? ORDER BY root_key", text.toLowerCase(), text).map(
      ({ project }) => project,
    );
  }

  /** At most `limit` projects with a key after `key`, ordered by root. */
  after(key: string, limit: number): Entry[] {
    return this.#select("WHERE root_key > ? ORDER BY root_key LIMIT ?", key, limit);
  }

  /** Ids and names of all projects. */
  refs(): { id: string; name: string }[] {
    return this.#sql.exec<{ id: string; name: string }>("SELECT id, name FROM project ORDER BY root_key").toArray();
  }

  #select(rest: string, ...bindings: (string | number)[]): Entry[] {
    return this.#sql
      .exec<Row>(`SELECT ${COLUMNS} FROM project ${rest}`, ...bindings)
      .toArray()
      .map((row) => ({
        key: row.root_key,
        project: {
          id: row.id,
          name: row.name,
          root: row.root,
          configPath: row.config_path,
          autoSwitch: row.auto_switch === 1,
          strictMode: row.strict_mode === 1,
          dryRun: row.dry_run === 1,
        },
      }));
  }
}
