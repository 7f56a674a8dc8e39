import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Client, createClient } from '@libsql/client/sqlite3';
import { DaemonError, errnoOf, messageOf } from '../daemon-error.js';

/**
 * Opens the database file, and creates it (without a schema) when there is none.
 *
 * @throws DaemonError `database-unavailable`
 */
export function openClient(file: string): Client {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    // Calls are synchronous inside, so one connection serves them all; `timeout` is for other processes.
    return createClient({ url: pathToFileURL(file).href, concurrency: 1, timeout: 5_000 });
  } catch (error) {
    throw databaseUnavailable(error);
  }
}

/** The error for a database that does not answer. */
export function databaseUnavailable(cause: unknown): DaemonError<'database-unavailable'> {
  return new DaemonError(
    'database-unavailable',
    `The database does not answer: ${messageOf(cause)}. Check ITERATE_DAEMON_DB, its directory and the free space.`,
    { errno: errnoOf(cause) },
    { cause },
  );
}
