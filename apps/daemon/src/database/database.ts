import type { Client } from '@libsql/client/sqlite3';
import type { BaseSQLiteDatabase } from 'drizzle-orm/sqlite-core';
import { DaemonError } from '../daemon-error.js';
import { appliedMigrations } from './applied-migrations.js';
import { databaseUnavailable, openClient } from './open-client.js';

/** What queries are written against. */
export type Queries = BaseSQLiteDatabase<'async', unknown, Record<string, never>>;

interface Connection {
  readonly client: Client;
  readonly queries: Queries;
}

/**
 * The daemon's database. It is opened at first use, and tried again after a failure, so that a daemon without a
 * usable database still serves everything else and recovers by itself.
 */
export class Database {
  readonly #file: string;
  readonly #version: number;
  #connection: Promise<Connection> | undefined;
  #isCurrent = false;

  /** @param version The schema version this code needs: the number of its migrations. */
  constructor(file: string, version: number) {
    this.#file = file;
    this.#version = version;
  }

  /**
   * Asks the database itself whether it answers and has the schema this code needs.
   *
   * @returns the schema version
   * @throws DaemonError `database-unavailable`, `database-outdated`, `database-newer`
   */
  async check(): Promise<number> {
    const { client } = await this.#connect();
    const found = (await answer(appliedMigrations(client))).length;
    this.#isCurrent = found === this.#version;
    if (found < this.#version) {
      throw new DaemonError(
        'database-outdated',
        `The database has schema version ${found}, this code needs ${this.#version}: run "node dist/migrate.js".`,
        { found, expected: this.#version },
      );
    }
    if (found > this.#version) {
      throw new DaemonError(
        'database-newer',
        `The database has schema version ${found}, this code knows ${this.#version}: run the newer daemon.`,
        { found, expected: this.#version },
      );
    }
    return found;
  }

  /** Runs queries; their failures become `DaemonError`s as those of {@link check}. */
  async use<T>(work: (queries: Queries) => Promise<T>): Promise<T> {
    if (!this.#isCurrent) await this.check();
    const { queries } = await this.#connect();
    return answer(work(queries));
  }

  async close(): Promise<void> {
    const connection = await this.#connection?.catch(() => undefined);
    connection?.client.close();
  }

  #connect(): Promise<Connection> {
    this.#connection ??= this.#open().catch((error: unknown) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #open(): Promise<Connection> {
    const client = openClient(this.#file);
    const { drizzle } = await import('drizzle-orm/libsql/sqlite3');
    return { client, queries: drizzle(client) };
  }
}

async function answer<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (error) {
    throw databaseUnavailable(error);
  }
}
