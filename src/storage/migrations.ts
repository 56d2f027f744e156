/**
 * Brings an object's tables to the newest form. The list only ever grows: an entry that has been deployed is never
 * changed, moved or removed, since objects remember how many they have applied.
 *
 * Called before the first write, never in a constructor: an object that is only asked must store nothing.
 * @throws Error if the object has applied more entries than there are, which means that an older version of the code
 *   was deployed over a newer one.
 */
export function migrate(storage: DurableObjectStorage, migrations: readonly string[]): void {
  const { sql } = storage;
  const applied = appliedMigrations(storage);
  if (applied > migrations.length) {
    throw new Error(
      `Storage has ${applied} migrations, this version knows ${migrations.length}: deploy the newer version`,
    );
  }
  if (applied === migrations.length) return;
  storage.transactionSync(() => {
    sql.exec("CREATE TABLE IF NOT EXISTS migration (applied INTEGER NOT NULL)");
    for (const statements of migrations.slice(applied)) sql.exec(statements);
    sql.exec("DELETE FROM migration");
    sql.exec("INSERT INTO migration VALUES (?)", migrations.length);
  });
}

/** How many migrations the object has applied; 0 if it has no tables. Writes nothing. */
export function appliedMigrations({ sql }: DurableObjectStorage): number {
  const exists =
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").toArray().length > 0;
  return exists ? sql.exec<{ applied: number }>("SELECT applied FROM migration").one().applied : 0;
}
