import { ANONYMOUS } from "../session/session-context.ts";

/**
 * Rows of known principals, in the very words of the index that lists and counts them: SQLite uses it only for queries that
 * say the same. Shared principals are left out, to save a write for each row, and since nobody lists theirs.
 */
export const LISTED = "principal <> 'anonymous' AND substr(principal, 1, 8) <> 'service:'";

/** Tables of a registry shard. Append only: see `storage/migrations.ts`. */
export const REGISTRY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE session (
     session_id TEXT PRIMARY KEY,
     opened_at INTEGER NOT NULL,
     principal TEXT NOT NULL,
     client TEXT
   ) WITHOUT ROWID;
   CREATE INDEX session_of_principal ON session (principal, opened_at, session_id) WHERE principal <> '${ANONYMOUS}';
   CREATE TABLE total (sessions INTEGER NOT NULL);
   INSERT INTO total VALUES (0);`,
  // What has been counted since the shard exists, and when that last changed. Sessions from before have been opened.
  `ALTER TABLE total ADD COLUMN minute INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN opened INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN ended INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN expired INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN deleted INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE total ADD COLUMN last_refused TEXT;
   UPDATE total SET opened = sessions;
   CREATE TABLE history (
     minute INTEGER PRIMARY KEY,
     opened INTEGER NOT NULL,
     ended INTEGER NOT NULL,
     expired INTEGER NOT NULL,
     deleted INTEGER NOT NULL,
     dropped INTEGER NOT NULL,
     refused INTEGER NOT NULL
   );`,
  // Finished calls, where they are counted, and how far each isolate has reported its own.
  `CREATE TABLE operation (
     tool TEXT NOT NULL,
     outcome TEXT NOT NULL,
     count INTEGER NOT NULL,
     PRIMARY KEY (tool, outcome)
   ) WITHOUT ROWID;
   CREATE TABLE operation_source (
     isolate TEXT PRIMARY KEY,
     sequence INTEGER NOT NULL,
     reported_at INTEGER NOT NULL
   ) WITHOUT ROWID;`,
  // Services share their principal as the anonymous do: nobody lists their contexts, and there may be millions to count.
  `DROP INDEX session_of_principal;
   CREATE INDEX session_of_principal ON session (principal, opened_at, session_id)
     WHERE ${LISTED};`,
  // Where contexts began: the region of each, and how many began in each, as JSON. Those that are not in it: unknown.
  `ALTER TABLE session ADD COLUMN region TEXT;
   ALTER TABLE total ADD COLUMN regions TEXT NOT NULL DEFAULT '{}';`,
];
