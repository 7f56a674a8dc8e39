import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrationsDirectory } from '../package-files.js';
import { migrateDatabase } from './migrate-database.js';
import { openClient } from './open-client.js';
import { type Migration, readMigrations } from './read-migrations.js';

let directory: string;
let file: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'migrate-'));
  file = join(directory, 'nested', 'daemon.db');
});

afterEach(() => rm(directory, { recursive: true, force: true }));

function migration(version: number, sql: string): Migration {
  return { version, name: `000${version}_test.sql`, sql, sha256: `of ${sql}` };
}

async function tables(): Promise<unknown[]> {
  const client = openClient(file);
  const { rows } = await client.execute(
    "select name from sqlite_schema where type = 'table' and name not like 'sqlite%' order by name",
  );
  client.close();
  return rows.map((row) => row.name);
}

describe('migrateDatabase', () => {
  it('creates the database with the newest schema, and does nothing the second time', async () => {
    const migrations = await readMigrations(migrationsDirectory);
    expect(await migrateDatabase(file, migrations)).toEqual({
      applied: ['0001_env_changes.sql', '0002_service_transitions.sql'],
      version: 2,
    });
    expect(await tables()).toEqual(['env_changes', 'schema_migrations', 'service_transitions']);
    const before = await readFile(file);
    expect(await migrateDatabase(file, migrations)).toEqual({ applied: [], version: 2 });
    expect(await readFile(file)).toEqual(before);
  });

  it('applies only what is new and keeps the data', async () => {
    const first = migration(1, 'create table a (x); insert into a values (1);');
    await migrateDatabase(file, [first]);
    const second = migration(2, 'alter table a add column y;');
    expect(await migrateDatabase(file, [first, second])).toEqual({ applied: [second.name], version: 2 });
    const client = openClient(file);
    expect((await client.execute('select x, y from a')).rows).toMatchObject([{ x: 1, y: null }]);
    client.close();
  });

  it('applies all pending migrations or none', async () => {
    const broken = [migration(1, 'create table a (x);'), migration(2, 'create table b (x); nonsense;')];
    await expect(migrateDatabase(file, broken)).rejects.toMatchObject({
      code: 'migration-failed',
      details: { migration: '0002_test.sql' },
      message: expect.stringContaining('syntax error'),
    });
    expect(await tables()).toEqual([]);
  });

  it('refuses a database of a newer daemon', async () => {
    const first = migration(1, 'create table a (x);');
    await migrateDatabase(file, [first, migration(2, 'create table b (x);')]);
    await expect(migrateDatabase(file, [first])).rejects.toMatchObject({
      code: 'database-newer',
      details: { found: 2, expected: 1 },
    });
    expect(await tables()).toEqual(['a', 'b', 'schema_migrations']);
  });

  it('refuses a migration that was edited after it was applied', async () => {
    await migrateDatabase(file, [migration(1, 'create table a (x);')]);
    await expect(migrateDatabase(file, [migration(1, 'create table a (x, y);')])).rejects.toMatchObject({
      code: 'migration-failed',
      details: { migration: '0001_test.sql' },
    });
  });

  it('says so when the file is no database', async () => {
    file = join(directory, 'notes.txt');
    await writeFile(file, 'not a database, just some text that is long enough to be looked at as a header');
    await expect(migrateDatabase(file, [])).rejects.toMatchObject({ code: 'database-unavailable' });
    expect(await readFile(file, 'utf8')).toMatch(/^not a database/);
  });
});

describe('readMigrations', () => {
  it('refuses a gap in the numbers', async () => {
    await writeFile(join(directory, '0001_a.sql'), '');
    await writeFile(join(directory, '0003_c.sql'), '');
    await expect(readMigrations(pathToFileURL(`${directory}/`))).rejects.toMatchObject({
      code: 'migration-failed',
      details: { migration: '0003_c.sql' },
    });
  });
});
