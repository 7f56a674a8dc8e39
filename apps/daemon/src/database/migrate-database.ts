import type { Transaction } from '@libsql/client/sqlite3';
import { DaemonError, messageOf } from '../daemon-error.js';
import { type AppliedMigration, appliedMigrations } from './applied-migrations.js';
import { databaseUnavailable, openClient } from './open-client.js';
import type { Migration } from './read-migrations.js';

/** What a run did. */
export interface MigrationResult {
  /** Names of the migrations applied now, in order; none when the database was current. */
  readonly applied: readonly string[];
  /** The version the database is at. */
  readonly version: number;
}

/**
 * Brings a database to the newest schema in one transaction: all pending migrations, or none. Running it again, or
 * twice at the same time, is harmless.
 *
 * @throws DaemonError `database-unavailable`, `database-newer` (the database is from newer code), `migration-failed`
 */
export async function migrateDatabase(
  file: string,
  migrations: readonly Migration[],
): Promise<MigrationResult> {
  const client = openClient(file);
  try {
    // Readers then never wait for a writer. It cannot be set inside a transaction and stays with the file.
    await client.execute('pragma journal_mode = wal').catch(failWith(databaseUnavailable));
    const transaction = await client.transaction('write').catch(failWith(databaseUnavailable));
    try {
      const pending = pendingMigrations(migrations, await appliedMigrations(transaction));
      await transaction.executeMultiple(
        'create table if not exists schema_migrations (version integer primary key, name text not null, ' +
          'sha256 text not null, applied_at integer not null) strict',
      );
      for (const migration of pending) await apply(transaction, migration);
      await transaction.commit();
      return { applied: pending.map((migration) => migration.name), version: migrations.length };
    } finally {
      transaction.close();
    }
  } finally {
    client.close();
  }
}

function pendingMigrations(known: readonly Migration[], applied: readonly AppliedMigration[]): Migration[] {
  if (applied.length > known.length) {
    throw new DaemonError(
      'database-newer',
      `The database has schema version ${applied.length}, this code knows ${known.length}: it was used by a newer ` +
        'daemon. Run that version, or set ITERATE_DAEMON_DB to another file. Nothing was changed.',
      { found: applied.length, expected: known.length },
    );
  }
  applied.forEach((before, index) => {
    const migration = known[index];
    if (migration !== undefined && migration.sha256 === before.sha256) return;
    throw new DaemonError(
      'migration-failed',
      `The migration ${before.name} was changed after it was applied to this database. Undo the change and write a ` +
        'new migration instead. Nothing was changed.',
      { migration: before.name },
    );
  });
  return known.slice(applied.length);
}

async function apply(transaction: Transaction, migration: Migration): Promise<void> {
  try {
    await transaction.executeMultiple(migration.sql);
    await transaction.execute({
      sql: 'insert into schema_migrations (version, name, sha256, applied_at) values (?, ?, ?, ?)',
      args: [migration.version, migration.name, migration.sha256, Date.now()],
    });
  } catch (cause) {
    throw new DaemonError(
      'migration-failed',
      `The migration ${migration.name} failed: ${messageOf(cause)}. Nothing was changed.`,
      { migration: migration.name },
      { cause },
    );
  }
}

function failWith(toError: (cause: unknown) => Error): (cause: unknown) => never {
  return (cause) => {
    throw toError(cause);
  };
}
