/**
 * Condition for rows of known principals. It repeats the WHERE clause of the index that lists and counts them, since SQLite
 * uses a partial index only if the query contains the same condition. Shared principals are not indexed: nobody lists their
 * contexts, and it saves one write per row.
 */
export const LISTED = "principal <> 'anonymous' AND substr(principal, 1, 8) <> 'service:'";

/** Tables of a registry shard. Append-only and without interpolation: deployed entries never change (`base/migrations.ts`). */
export const REGISTRY_MIGRATIONS: readonly string[] = [
  `CREATE TABLE session (
     session_id TEXT PRIMARY KEY,
     opened_at INTEGER NOT NULL,
     principal TEXT NOT NULL,
     client TEXT
   ) WITHOUT ROWID;
   CREATE INDEX session_of_principal ON session (principal, opened_at, session_id) WHERE principal <> 'anonymous';
   CREATE TABLE total (sessions INTEGER NOT NULL);
   INSERT INTO total VALUES (0);`,
  // All counts since the shard was created, and the minute of their last change. Existing sessions count as opened.
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
  // Counts of finished calls, and the last report of each isolate.
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
  // Service principals are shared, like the anonymous one: nobody lists their contexts, and there may be millions.
  `DROP INDEX session_of_principal;
   CREATE INDEX session_of_principal ON session (principal, opened_at, session_id)
     WHERE principal <> 'anonymous' AND substr(principal, 1, 8) <> 'service:';`,
  // The region in which each context began, and the number of contexts per region as JSON. The rest are of unknown region.
  `ALTER TABLE session ADD COLUMN region TEXT;
   ALTER TABLE total ADD COLUMN regions TEXT NOT NULL DEFAULT '{}';`,
  // Repeated reports of call counts are no longer detected.
  "DROP TABLE operation_source;",
];
