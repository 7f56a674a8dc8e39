import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { DaemonError } from '../daemon-error.js';

/** One step of the schema, from a file `NNNN_name.sql`. */
export interface Migration {
  /** From 1, without gaps. */
  readonly version: number;
  /** The file's name. */
  readonly name: string;
  readonly sql: string;
  /** Of the file's content, to notice when an applied migration was edited. */
  readonly sha256: string;
}

/** Reads a directory of migrations in order. @throws DaemonError `migration-failed` for a wrong or missing number */
export async function readMigrations(directory: URL): Promise<Migration[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(
    names.map(async (name, index) => {
      const version = index + 1;
      if (!name.startsWith(`${String(version).padStart(4, '0')}_`)) {
        throw new DaemonError(
          'migration-failed',
          `The migration ${name} is number ${version} in order. Name files NNNN_name.sql, from 0001, without gaps.`,
          { migration: name },
        );
      }
      const sql = await readFile(new URL(name, directory), 'utf8');
      return { version, name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}
