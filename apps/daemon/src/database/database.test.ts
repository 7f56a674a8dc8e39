import { mkdir, rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { temporaryDatabase } from '../../test/temporary-database.js';
import { migrationsDirectory } from '../package-files.js';
import { Database } from './database.js';
import { migrateDatabase } from './migrate-database.js';
import { readMigrations } from './read-migrations.js';

describe('Database', () => {
  it('answers with its schema version', async () => {
    await using temporary = await temporaryDatabase();
    expect(await temporary.database.check()).toBe(2);
  });

  it('tells an older and a newer schema apart', async () => {
    await using temporary = await temporaryDatabase();
    for (const [expected, code] of [
      [3, 'database-outdated'],
      [1, 'database-newer'],
    ] as const) {
      const database = new Database(temporary.file, expected);
      await expect(database.check()).rejects.toMatchObject({ code, details: { found: 2, expected } });
      await expect(database.use(async () => 1)).rejects.toMatchObject({ code });
      await database.close();
    }
  });

  it('recovers by itself when the database becomes usable', async () => {
    await using temporary = await temporaryDatabase();
    const file = `${temporary.file}.later`;
    await mkdir(file);
    const migrations = await readMigrations(migrationsDirectory);
    const database = new Database(file, migrations.length);
    await expect(database.check()).rejects.toMatchObject({ code: 'database-unavailable' });
    await rm(file, { recursive: true });
    await expect(database.check()).rejects.toMatchObject({ code: 'database-outdated' });
    await migrateDatabase(file, migrations);
    expect(await database.check()).toBe(2);
    await database.close();
  });
});
