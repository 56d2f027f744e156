import { ANONYMOUS } from "../session/session-context.ts";

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
];
