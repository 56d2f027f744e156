/**
 * Brings the tables of an object up to date. `migrations` is append-only: each entry is the SQL of one step, and a deployed
 * entry never changes. All missing steps are applied in one transaction.
 *
 * Returns whether the tables exist. Without `create`, storage that was never written is left untouched, so that reads write
 * nothing.
 * @throws Error if a newer version of the code has written the storage.
 */
export function migrate(
  storage: DurableObjectStorage,
  migrations: readonly string[],
  { create }: { readonly create: boolean },
): boolean {
  const applied = appliedMigrations(storage.sql);
  if (applied > migrations.length) {
    throw new Error(
      `Storage has ${applied} migrations but this code knows ${migrations.length}: a newer version has written it. Deploy that version or a later one`,
    );
  }
  if (applied === migrations.length) return true;
  if (applied === 0 && !create) return false;
  storage.transactionSync(() => {
    if (applied === 0)
      storage.sql.exec("CREATE TABLE migration (applied INTEGER NOT NULL); INSERT INTO migration VALUES (0)");
    for (const step of migrations.slice(applied)) storage.sql.exec(step);
    storage.sql.exec("UPDATE migration SET applied = ?", migrations.length);
  });
  return true;
}

/** The number of migrations applied to the storage; 0 if it was never written. */
export function appliedMigrations(sql: SqlStorage): number {
  const exists =
    sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'").toArray().length > 0;
  return exists ? sql.exec<{ applied: number }>("SELECT applied FROM migration").one().applied : 0;
}
