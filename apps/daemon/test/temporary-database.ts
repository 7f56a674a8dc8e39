import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Database } from '../src/database/database.js';
import { migrateDatabase } from '../src/database/migrate-database.js';
import { readMigrations } from '../src/database/read-migrations.js';
import { migrationsDirectory } from '../src/package-files.js';

/** A migrated database in a directory of its own, gone when disposed. */
export async function temporaryDatabase(): Promise<AsyncDisposable & { database: Database; file: string }> {
  const directory = await mkdtemp(join(tmpdir(), 'daemon-db-'));
  const file = join(directory, 'daemon.db');
  const migrations = await readMigrations(migrationsDirectory);
  await migrateDatabase(file, migrations);
  const database = new Database(file, migrations.length);
  return {
    database,
    file,
    [Symbol.asyncDispose]: async () => {
      await database.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}
